import { Refusal, ZabbixRefused } from '../../lambda/errors.ts';
import type { Credential, MonitoredHost, Protection } from '../../lambda/rotation/model.ts';
import type { HostBehind, ProxyBefore } from '../../lambda/rotation/ports.ts';
import type { Access } from '../../lambda/zabbix/session.ts';
import type { Hearing } from './hearing.ts';
import { type FakeHost, type FakeServer, same } from './site.ts';

/** From 7.0 on the server tells which proxies it has not heard of for so long. */
const offlineAfterS = 60;

/** Zabbix' API over a fake site. */
export class FakeZabbix {
  readonly server: FakeServer;
  readonly hearing: Hearing;
  /** Its API cannot be reached. */
  down = false;
  /** Its API takes every question and answers none. */
  silent = false;
  /** What it says to everything. */
  refuses: Refusal | undefined;
  /** What the access secret holds; a token has no session that could end. */
  access: Access = { token: 'the token' };
  readonly #sessions = new Set<string>();
  mayCheckNow = true;
  portIsOpen = false;
  /** The places that the operator has named as this Zabbix's. */
  ownPlaces: readonly string[] = [];
  /** False: as from 7.0 on, it compares no keys of proxies; all it tells is what its description says we gave. */
  comparesProxyKeys = true;
  mayExecuteScripts = false;
  /** False: as a user who is no super admin. */
  maySeeAutoregistration = true;
  mayGiveAutoregistration = true;
  autoregistrationTakes: MonitoredHost['accept'] = ['none', 'psk'];
  calls = 0;
  /** The next update is not answered; it is carried out all the same, or not. */
  giveIsLost: 'applied' | 'not-applied' | undefined;

  constructor(server: FakeServer, hearing: Hearing) {
    this.server = server;
    this.hearing = hearing;
  }

  logIn(): string {
    const session = `session ${this.calls}`;
    this.#sessions.add(session);
    return session;
  }

  /** As its housekeeper does with old ones. */
  endSessions(): void {
    this.#sessions.clear();
  }

  knows(key: string): boolean {
    return key === 'the token' || this.#sessions.has(key);
  }

  /** By the id that we give it: the name, which a host and a proxy may share. */
  host(id: string): FakeHost {
    const host = this.server.hosts.find((one) => idOf(one) === id);
    if (host !== undefined) return host;
    if (id.startsWith('proxy ')) throw new Refusal('PROXY_UNKNOWN', `Zabbix shows no ${id} to our API user`);
    throw new Refusal('HOST_UNKNOWN', `Zabbix shows no host "${id}" to our API user`);
  }

  /** @param holds what it is known to hold: one without a key is described with the witness of its first credential */
  describe(id: string, holds?: Protection): MonitoredHost {
    const host = this.host(id);
    const { name, role: kind } = host;
    const polled = host.kind !== 'active';
    const itemId = id;
    const { stored } = host;
    const certificate = stored.key === undefined ? stored.certificate : undefined;
    const uses = stored.key !== undefined ? host.uses : certificate === undefined ? 'none' : 'certificate';
    // An item that the agent sends proves nothing where it could come unencrypted, too.
    const isOpen = (holds ?? host.stored).takes === 'unencrypted-too' || host.stored.takes === 'unencrypted-too';
    const proves = polled || !isOpen;
    const lastS = this.hearing.lastS(host);
    const ping = {
      kind: 'value',
      itemId,
      key: 'agent.ping',
      clockOf: polled ? (host.behindProxy === false ? 'server' : 'proxy') : 'agent',
      everyS: 5,
      lastS,
    } as const;
    const access = { kind: 'access', itemId, key: 'lastaccess', clockOf: 'server', everyS: 6, lastS } as const;
    return {
      kind,
      hostId: id,
      name,
      enabled: host.enabled,
      connect: polled ? uses : 'none',
      accept: isOpen && uses === 'psk' ? ['none', 'psk'] : [uses],
      ...(certificate === undefined ? {} : { certificate }),
      reachable: this.#reachable(host),
      behindProxy: host.behindProxy,
      silenced: host.silenced,
      seen: { serverS: this.hearing.serverS },
      witness: kind === 'proxy' ? access : host.hasItems && proves ? ping : undefined,
    };
  }

  #reachable(host: FakeHost): MonitoredHost['reachable'] {
    if (host.role === 'proxy' && !this.comparesProxyKeys) {
      const isOnline = this.hearing.serverS - this.hearing.lastS(host) < offlineAfterS;
      return isOnline ? { yes: true } : { yes: false, error: 'the server takes the proxy for offline' };
    }
    const fails = this.hearing.fails(host);
    if (fails === undefined) return undefined;
    return fails ? { yes: false, error: 'cannot establish TLS' } : { yes: true };
  }

  /** With the proxy of a host; one that is not of this site is well. */
  contactWith(host: FakeHost | undefined): Pick<ProxyBefore, 'silentForS' | 'isOffline'> {
    const proxy = host === undefined ? undefined : this.server.proxyOf(host);
    const silentForS = proxy === undefined ? 0 : this.hearing.serverS - this.hearing.lastS(proxy);
    return { silentForS, isOffline: !this.comparesProxyKeys && silentForS >= offlineAfterS };
  }

  hostsBehind(id: string): readonly HostBehind[] {
    return this.server.behind(this.host(id)).flatMap(({ name, hasItems }) => {
      const { witness } = this.describe(name, { takes: undefined });
      return hasItems && witness !== undefined ? [{ name, witness }] : [];
    });
  }

  /** All or none. */
  give(targets: readonly Pick<MonitoredHost, 'hostId'>[], wanted: Protection): void {
    const hosts = targets.map(({ hostId }) => this.host(hostId));
    this.#refuseSecondKey(
      wanted,
      this.server.hosts.filter((host) => !hosts.includes(host)),
    );
    const registering = this.server.autoregistration?.stored;
    if (registering !== undefined && registering.identity === wanted.identity && !same(registering, wanted))
      throw new ZabbixRefused('another value of tls_psk exists for given tls_psk_identity (autoregistration)');
    for (const host of hosts) {
      this.hearing.look(host);
      this.server.stores(host, wanted);
      host.marked = wanted.key === undefined ? undefined : wanted;
    }
  }

  describeAutoregistration(): MonitoredHost {
    if (!this.maySeeAutoregistration)
      throw new Refusal('AUTOREGISTRATION_REFUSED', 'Zabbix does not let our API user see autoregistration');
    return {
      kind: 'autoregistration',
      hostId: 'autoregistration',
      name: 'autoregistration',
      enabled: true,
      connect: 'none',
      accept: this.autoregistrationTakes,
      reachable: undefined,
      behindProxy: false,
      silenced: false,
      seen: { serverS: this.hearing.serverS },
      witness: undefined,
    };
  }

  giveToAutoregistration(credential: Credential): void {
    if (!this.mayGiveAutoregistration) throw new ZabbixRefused('No permissions to call "autoregistration.update".');
    this.#refuseSecondKey(credential, this.server.hosts);
    this.server.storesForAutoregistration(credential);
  }

  /** Zabbix knows one key for an identity, whoever uses it. */
  #refuseSecondKey(credential: Protection, others: readonly FakeHost[]): void {
    if (credential.key === undefined) return;
    const clash = others.find(({ stored }) => stored.identity === credential.identity && !same(stored, credential));
    if (clash !== undefined)
      throw new ZabbixRefused(`another value of tls_psk exists for given tls_psk_identity (host "${clash.name}")`);
  }

  /** Whether a script gets through: the server's key and the agent's agree. */
  keysAgree(id: string): boolean {
    return this.server.hears(this.host(id));
  }
}

export function idOf({ role, name }: Pick<FakeHost, 'role' | 'name'>): string {
  return role === 'proxy' ? `proxy ${name}` : name;
}
