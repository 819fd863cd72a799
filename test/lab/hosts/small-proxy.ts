import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { eventually } from '../eventually.ts';
import type { Machine } from '../machine.ts';
import { releases } from '../release.ts';
import { startDatabase } from '../zabbix/database.ts';
import { knowsHost } from '../zabbix/knows-host.ts';
import type { Credential } from '../zabbix/monitored-host.ts';
import {
  lastAccessS,
  type ProxyMode,
  proxyEncryption,
  proxyHoldsCredential,
  registerProxy,
} from '../zabbix/monitored-proxy.ts';
import { listens } from '../zabbix/server.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { type AgentKind, leaveOnly } from './agent.ts';
import type { KeyFile } from './agent-configuration.ts';
import { initScript, type StartFault, startFaults } from './faults.ts';
import { ManagedMachine, type NodeOptions } from './managed-machine.ts';
import { type ProxyBackend, proxy } from './proxy.ts';
import { configureProxy, installProxy, useCertificate } from './proxy-configuration.ts';

export interface SmallProxyOptions extends NodeOptions {
  /** name of the machine and, exactly so, of the proxy in Zabbix */
  readonly name: string;
  /** default active */
  readonly mode?: ProxyMode;
  /** default sqlite3 */
  readonly backend?: ProxyBackend;
  /** TLSPSKIdentity; default the proxy's name */
  readonly identity?: string;
  /** hex digits; default 32 random bytes; null: no encryption at all */
  readonly psk?: string | null;
  /** Both ends use certificates, and Zabbix wants this proxy's own. Its `psk` is null then. */
  readonly certificate?: 'own';
  /** default /etc/zabbix/zabbix_proxy.psk, zabbix:zabbix, 0400 */
  readonly keyFile?: Partial<KeyFile>;
  /** seconds between two fetches of the configuration by an active proxy; default: the release's (3600 in 6.0, 10 in 7.0) */
  readonly configFrequencyS?: number;
  /** the agent whose package is on the machine, too, for a host that is put `on` it; default none, and so no zabbix_sender either */
  readonly agent?: AgentKind;
}

/** A machine with a real proxy on it that Run Command can reach and that Zabbix knows. */
export class SmallProxy {
  readonly name: string;
  readonly mode: ProxyMode;
  readonly agent: AgentKind | undefined;
  readonly node: ManagedMachine;
  /** path of the key file */
  readonly keyFile: string;
  /** identity and key that the proxy started with; null: none */
  readonly firstCredential: Credential | null;
  readonly proxyId: string;
  readonly paths = proxy;
  readonly #lab: ZabbixLab;
  #healthyInitScript: string | undefined;

  private constructor(lab: ZabbixLab, options: SmallProxyOptions, made: Made) {
    this.#lab = lab;
    this.name = options.name;
    this.mode = options.mode ?? 'active';
    this.agent = options.agent;
    this.node = made.node;
    this.keyFile = made.keyFile.path;
    this.firstCredential = made.credential;
    this.proxyId = made.proxyId;
  }

  get machine(): Machine {
    return this.node.machine;
  }

  get ip(): string {
    return this.node.ip;
  }

  /** As a secret names it. */
  get target(): object {
    return { kind: 'proxy', name: this.name, node: this.node.instanceId };
  }

  /** The same for tests that need one. @throws {Error} when the proxy started without encryption */
  get credential(): Credential {
    if (this.firstCredential === null) throw new Error(`${this.name} was started without a key`);
    return this.firstCredential;
  }

  /** Called by `ZabbixLab.proxy`. */
  static async start(lab: ZabbixLab, options: SmallProxyOptions): Promise<SmallProxy> {
    const release = releases[lab.version];
    const { name, mode = 'active', backend = 'sqlite3' } = options;
    const node = await ManagedMachine.start(lab, name, options);
    const { machine, ip } = node;
    const keyFile = { path: '/etc/zabbix/zabbix_proxy.psk', owner: 'zabbix:zabbix', mode: '0400', ...options.keyFile };
    const psk = options.psk === undefined ? randomBytes(32).toString('hex') : options.psk;
    const credential = psk === null ? null : { identity: options.identity ?? name, psk };

    await leaveOnly(machine, options.agent);
    await installProxy(machine, backend);
    const { configFrequencyS = null } = options;
    const settings = { name, mode, backend, ip, server: lab.server.ip, configFrequencyS, credential, keyFile };
    await configureProxy(machine, release, settings);
    if (backend === 'postgresql') await startDatabase(machine, release);

    const certificate = options.certificate === undefined ? undefined : await lab.authority?.equip(machine, name);
    if (certificate !== undefined) useCertificate(machine, mode);
    const proxyId = await registerProxy(lab.api, release, { name, mode, ip, credential: certificate ?? credential });
    await lab.server.reloadConfigurationCache();
    const started = new SmallProxy(lab, options, { node, keyFile, credential, proxyId });
    await started.startProxy();
    await started.awaitSeen(0);
    return started;
  }

  /** Breaks the proxy's start in one of the named ways. */
  async inflict(fault: StartFault): Promise<void> {
    this.#healthyInitScript ??= this.machine.read(initScript(this));
    await startFaults[fault](this);
  }

  /** Takes back what made the proxy's start go wrong. */
  heal(): void {
    if (this.#healthyInitScript !== undefined) this.machine.write(initScript(this), this.#healthyInitScript);
  }

  async startProxy(): Promise<void> {
    await this.machine.must(['service', this.paths.service, 'start']);
    await eventually(`the proxy ${this.name} runs`, () => this.proxyRuns(), { withinS: 30 });
  }

  /** Stops the proxy; one that hangs (SIGSTOP) is woken first, since it would take no notice of TERM. */
  async stopProxy(): Promise<void> {
    await this.machine.run(['pkill', '-CONT', '-f', `^${this.paths.binary}`]);
    await this.machine.must(['service', this.paths.service, 'stop']);
  }

  async restartProxy(): Promise<void> {
    await this.stopProxy();
    await this.startProxy();
  }

  /** Whether the service is up and its port, which the agents behind it and a server that calls need, is open. */
  async proxyRuns(): Promise<boolean> {
    const found = await this.machine.run(['service', this.paths.service, 'status']);
    return found.exitCode === 0 && (await listens(this.ip, 10051));
  }

  /** Hurries the proxy to know what the server knows now: the hosts behind it and their keys. A passive one of 6.0 cannot be hurried. */
  async reloadConfiguration(): Promise<void> {
    if (this.mode === 'active') await this.machine.must(['zabbix_proxy', '-R', 'config_cache_reload']);
    else await this.#lab.server.sendConfigurationToProxies();
  }

  /** Waits until the proxy knows a host behind it. */
  async awaitHost(name: string): Promise<void> {
    await this.reloadConfiguration();
    await eventually(`${this.name} knows ${name}`, () => knowsHost(this.ip, name), { withinS: 60 });
  }

  /** The key file's content without its newline. */
  keyInPlace(): string {
    return this.machine.read(this.keyFile).trim();
  }

  identityInPlace(): string | undefined {
    return /^TLSPSKIdentity=(.*)$/m.exec(this.machine.read(this.paths.config))?.[1];
  }

  log(): string {
    return existsSync(this.machine.path(this.paths.log)) ? this.machine.read(this.paths.log) : '';
  }

  /** Gives Zabbix this identity and key, as its administrator, and makes the server load them at once. */
  async giveZabbix(credential: Credential): Promise<void> {
    const about = { proxyid: this.proxyId, ...proxyEncryption(this.mode, credential) };
    await this.#lab.api.call('proxy.update', about, z.unknown());
    await this.#lab.server.reloadConfigurationCache();
  }

  /** Puts this identity and key into the proxy's files, owners and modes as found. The proxy runs on until it is restarted. */
  async giveProxy({ identity, psk }: Credential): Promise<void> {
    const text = this.machine.read(this.paths.config);
    this.machine.write(
      this.paths.config,
      text.replace(/^TLSPSKIdentity=.*$/m, () => `TLSPSKIdentity=${identity}`),
    );
    await this.machine.must(['sh', '-c', 'cat >"$0"', this.keyFile], { input: `${psk}\n` });
  }

  /** Whether Zabbix holds exactly this identity and key for the proxy. */
  zabbixHolds(credential: Credential): Promise<boolean> {
    return proxyHoldsCredential(this.#lab.serverMachine, releases[this.#lab.version], this.proxyId, credential);
  }

  /** When the server last heard of the proxy: whole seconds since 1970 by its clock. */
  lastAccessS(): Promise<number> {
    return lastAccessS(this.#lab.api, this.proxyId);
  }

  /** Waits until the server has heard of the proxy after `sinceMs` (milliseconds since 1970). */
  async awaitSeen(sinceMs: number, withinS = 60): Promise<void> {
    await eventually(`the server hears of ${this.name}`, async () => (await this.lastAccessS()) * 1000 > sinceMs, {
      withinS,
      everyMs: 1_000,
    }).catch((cause: unknown) => {
      const lastOfLog = this.log().split('\n').slice(-25).join('\n');
      throw new Error(`the server did not hear of ${this.name}. Its log ends with:\n${lastOfLog}`, { cause });
    });
  }
}

interface Made {
  readonly node: ManagedMachine;
  readonly keyFile: KeyFile;
  readonly credential: Credential | null;
  readonly proxyId: string;
}
