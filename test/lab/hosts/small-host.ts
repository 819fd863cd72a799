import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { z } from 'zod';
import { eventually } from '../eventually.ts';
import type { Machine } from '../machine.ts';
import type { ManagedNode, NodeCommand, RunningScript } from '../managed-node.ts';
import { releases } from '../release.ts';
import type { Certificate } from '../zabbix/authority.ts';
import { type ItemHistory, itemHistory, type Period } from '../zabbix/item-history.ts';
import {
  type Checks,
  type Credential,
  encryption,
  holdsCredential,
  type MonitoredHost,
  registerHost,
} from '../zabbix/monitored-host.ts';
import { listens } from '../zabbix/server.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { type AgentKind, agents, leaveOnly } from './agent.ts';
import { configureAgent, type KeyFile, type TlsPlace, useCertificate } from './agent-configuration.ts';
import { faults, type HostFault, initScript } from './faults.ts';
import { ManagedMachine, type NodeOptions } from './managed-machine.ts';
import type { SmallProxy } from './small-proxy.ts';

export interface SmallHostOptions extends NodeOptions {
  /** name of the machine, unless it is another's, and exactly so of the host in Zabbix */
  readonly name: string;
  /** default zabbix_agent2, or that of the proxy whose machine it is on */
  readonly agent?: AgentKind;
  /** the proxy that watches it; default: the server does */
  readonly behind?: SmallProxy;
  /** the proxy whose machine it is; default: a machine of its own */
  readonly on?: SmallProxy;
  /** TLSPSKIdentity; default the host's name */
  readonly identity?: string;
  /** hex digits; default 32 random bytes; null: no encryption at all */
  readonly psk?: string | null;
  /** Both ends use certificates, and Zabbix wants this host's own; `anybody`: one of any issuer and subject. Its `psk` is null then. */
  readonly certificate?: 'own' | 'anybody';
  /** default both */
  readonly checks?: Checks;
  /** default main */
  readonly tlsPlace?: TlsPlace;
  /** default /etc/zabbix/agent.psk, zabbix:zabbix, 0400 */
  readonly keyFile?: Partial<KeyFile>;
  /** Server= ; default the lab's server, or the proxy that it is behind */
  readonly server?: string;
  /** ServerActive= ; default as for Server; null: not set, so no probe of the server is possible */
  readonly serverActive?: string | null;
  /** seconds between two values of agent.ping, default 5 */
  readonly passiveEveryS?: number;
  /** seconds between two values of system.localtime, default 1 */
  readonly activeEveryS?: number;
  /** seconds; how often an active agent asks for its checks, and at the most how long it waits after a refusal; default the version's */
  readonly refreshActiveChecksS?: number;
  /** false: do not wait for first values; default true */
  readonly awaitValues?: boolean;
}

/** A machine with a real agent on it that Run Command can reach and that Zabbix watches. */
export class SmallHost implements ManagedNode {
  readonly computerName: string;
  /** what Run Command reaches */
  readonly node: ManagedMachine;
  readonly agent: AgentKind;
  /** path of the key file */
  readonly keyFile: string;
  /** identity and key that the host started with; null: none */
  readonly firstCredential: Credential | null;
  /** the host as Zabbix knows it */
  readonly monitored: MonitoredHost;
  readonly #lab: ZabbixLab;
  #healthyInitScript: string | undefined;

  private constructor(lab: ZabbixLab, options: SmallHostOptions, made: Made) {
    this.#lab = lab;
    this.computerName = options.name;
    this.node = made.node;
    this.agent = made.kind;
    this.keyFile = made.keyFile.path;
    this.firstCredential = made.credential;
    this.monitored = made.monitored;
  }

  get instanceId(): string {
    return this.node.instanceId;
  }

  get tags(): Readonly<Record<string, string>> {
    return this.node.tags;
  }

  get online(): boolean {
    return this.node.online;
  }

  set online(is: boolean) {
    this.node.online = is;
  }

  get machine(): Machine {
    return this.node.machine;
  }

  get ip(): string {
    return this.node.ip;
  }

  /** As a secret names it. */
  get target(): object {
    return { kind: 'host', name: this.computerName, node: this.instanceId };
  }

  /** The same for tests that need one. @throws {Error} when the host started without encryption */
  get credential(): Credential {
    if (this.firstCredential === null) throw new Error(`${this.computerName} was started without a key`);
    return this.firstCredential;
  }

  /** Called by `ZabbixLab.host`. */
  static async start(lab: ZabbixLab, options: SmallHostOptions): Promise<SmallHost> {
    const { behind, on } = options;
    const node = on?.node ?? (await ManagedMachine.start(lab, options.name, options));
    const { machine, ip } = node;
    const keyFile = { path: '/etc/zabbix/agent.psk', owner: 'zabbix:zabbix', mode: '0400', ...options.keyFile };
    const psk = options.psk === undefined ? randomBytes(32).toString('hex') : options.psk;
    const credential = psk === null ? null : { identity: options.identity ?? options.name, psk };
    const checks = options.checks ?? 'both';
    const kind = options.agent ?? on?.agent ?? 'zabbix_agent2';

    if (on === undefined) await leaveOnly(machine, kind);
    const watcher = (behind ?? lab.server).ip;
    const server = options.server ?? watcher;
    const serverActive = options.serverActive === undefined ? `${watcher}:10051` : options.serverActive;
    const tlsPlace = options.tlsPlace ?? 'main';
    const about = {
      ...{ kind, hostname: options.name, ip, checks, server, serverActive, credential, tlsPlace, keyFile },
      refreshActiveChecksS: options.refreshActiveChecksS,
    };
    await configureAgent(machine, about);
    const certificate = await certificateFor(lab, machine, options);
    if (certificate !== undefined) useCertificate(machine, kind);

    // Zabbix first: an agent that asks before the server knows it asks again only after a minute.
    const monitored = await registerHost(lab.api, {
      ...{ name: options.name, ip, groupId: lab.hostGroupId, checks, credential: certificate ?? credential },
      ...{ passiveEveryS: options.passiveEveryS ?? 5, activeEveryS: options.activeEveryS ?? 1 },
      ...(behind === undefined ? {} : { behind: releases[lab.version].proxies.hostBehind(behind.proxyId) }),
    });
    await lab.server.reloadConfigurationCache();
    await behind?.awaitHost(options.name);
    const host = new SmallHost(lab, options, { node, kind, keyFile, credential, monitored });
    await host.startAgent();
    if (options.awaitValues !== false) await host.awaitValues(0);
    return host;
  }

  /** Runs a script as the SSM agent does. */
  start(script: string, command: NodeCommand): RunningScript {
    return this.node.start(script, command);
  }

  /** Everything of the agent: service, binary, config, dropIn, log. */
  get paths(): (typeof agents)[AgentKind] {
    return agents[this.agent];
  }

  /** Breaks the host in one of the named ways. */
  async inflict(fault: HostFault): Promise<void> {
    this.#healthyInitScript ??= this.machine.read(initScript(this));
    await faults[fault](this);
  }

  /** Takes back what made the agent's start go wrong. */
  heal(): void {
    if (this.#healthyInitScript !== undefined) this.machine.write(initScript(this), this.#healthyInitScript);
  }

  async startAgent(): Promise<void> {
    await this.beginToStartAgent();
    await eventually(`the agent of ${this.computerName} runs`, () => this.agentRuns(), { withinS: 15, everyMs: 200 });
  }

  /**
   * Starts the agent with Debian's init script, whatever comes of it. The pid file is made for it beforehand: otherwise start-stop-daemon may write
   * it as root before agent 2 opens it, and agent 2 dies of that every second time, exit code 0 (6.0.14 and 7.0.22).
   */
  async beginToStartAgent(): Promise<void> {
    const { service, pidFile } = this.paths;
    await this.machine.must(['install', '-D', '-o', 'zabbix', '-g', 'zabbix', '-m', '0644', '/dev/null', pidFile]);
    await this.machine.must(['service', service, 'start']);
  }

  /** Stops the agent; one that hangs (SIGSTOP) is woken first, since it would take no notice of TERM. */
  async stopAgent(): Promise<void> {
    await this.machine.run(['pkill', '-CONT', '-f', `^${this.paths.binary}`]);
    await this.machine.must(['service', this.paths.service, 'stop']);
  }

  async restartAgent(): Promise<void> {
    await this.stopAgent();
    await this.startAgent();
  }

  /** Every process ends at once, what was in /run is gone, and the agent is started as at boot. Run Command finds nobody meanwhile. */
  async reboot(): Promise<void> {
    this.online = false;
    await this.machine.run(['sh', '-c', 'kill -KILL -1']);
    await this.machine.must(['find', '/run', '-mindepth', '1', '!', '-type', 'd', '-delete']);
    await this.startAgent();
    this.online = true;
  }

  /** Whether the service is up and, if the agent answers passive checks, its port is open. */
  async agentRuns(): Promise<boolean> {
    const found = await this.machine.run(['service', this.paths.service, 'status']);
    const passive = this.monitored.items.passive !== undefined;
    return found.exitCode === 0 && (!passive || (await listens(this.ip, 10050)));
  }

  /** The key file's content without its newline. */
  keyInPlace(): string {
    return this.machine.read(this.keyFile).trim();
  }

  /** TLSPSKIdentity as the agent's main file and drop-in have it, the one that is read last. */
  identityInPlace(): string | undefined {
    const files = [this.paths.config, this.paths.dropIn].filter((path) => this.exists(path));
    return files.flatMap((path) => /^TLSPSKIdentity=(.*)$/m.exec(this.machine.read(path))?.[1] ?? []).at(-1);
  }

  agentLog(): string {
    return this.exists(this.paths.log) ? this.machine.read(this.paths.log) : '';
  }

  exists(path: string): boolean {
    return existsSync(this.machine.path(path));
  }

  /** Permission bits of a file, octal: `400`. */
  mode(path: string): string {
    return (statSync(this.machine.path(path)).mode & 0o7777).toString(8);
  }

  /** Gives Zabbix this identity and key, as its administrator, and makes the server load them at once. */
  async giveZabbix(credential: Credential): Promise<void> {
    const host = { hostid: this.monitored.hostId, ...encryption(credential) };
    await this.#lab.api.call('host.update', host, z.unknown());
    await this.#lab.server.reloadConfigurationCache();
  }

  /** Puts this identity and key into the agent's files, owners and modes as found. The agent runs on until it is restarted. */
  async giveAgent({ identity, psk }: Credential): Promise<void> {
    for (const file of [this.paths.config, this.paths.dropIn].filter((path) => this.exists(path))) {
      const text = this.machine.read(file).replace(/^TLSPSKIdentity=.*$/m, () => `TLSPSKIdentity=${identity}`);
      this.machine.write(file, text);
    }
    await this.machine.must(['sh', '-c', 'cat >"$0"', this.keyFile], { input: `${psk}\n` });
  }

  /** Whether Zabbix holds exactly this identity and key for the host. */
  zabbixHolds(credential: Credential): Promise<boolean> {
    return holdsCredential(this.#lab.api, this.monitored.hostId, credential);
  }

  /** The values of one of its items. @throws {Error} when the host has no item of that direction */
  async history(direction: 'passive' | 'active', period: Period): Promise<ItemHistory> {
    const item = this.monitored.items[direction];
    if (item === undefined) throw new Error(`${this.computerName} has no ${direction} item`);
    return itemHistory(this.#lab.api, item, period);
  }

  /** Waits until every item of the host has a value that was taken at or after `sinceMs` (milliseconds since 1970). */
  async awaitValues(sinceMs: number, withinS = 90): Promise<void> {
    for (const item of Object.values(this.monitored.items)) {
      await eventually(
        `${item.key} of ${this.computerName} has a value`,
        async () => (await itemHistory(this.#lab.api, item, { fromMs: sinceMs })).samplesMs.length > 0,
        { withinS, everyMs: 1_000 },
      ).catch(async (cause: unknown) => {
        const state = (await this.agentRuns()) ? 'runs' : 'does not run';
        throw new Error(`${item.key} had no value; the agent ${state}. Its log ends with:\n${this.#lastOfLog()}`, {
          cause,
        });
      });
    }
  }

  #lastOfLog(): string {
    return this.agentLog().split('\n').slice(-25).join('\n');
  }
}

interface Made {
  readonly node: ManagedMachine;
  readonly kind: AgentKind;
  readonly keyFile: KeyFile;
  readonly credential: Credential | null;
  readonly monitored: MonitoredHost;
}

/** @returns what Zabbix is to want of it; undefined: no certificate */
async function certificateFor(
  { authority }: ZabbixLab,
  machine: Machine,
  { name, certificate }: SmallHostOptions,
): Promise<Certificate | undefined> {
  if (certificate === undefined) return undefined;
  const own = await authority?.equip(machine, name);
  return certificate === 'own' ? own : { issuer: '', subject: '' };
}
