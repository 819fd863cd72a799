/** One of each kind on one Zabbix, apart from each other, so that their rotations can run side by side. */
import { randomBytes } from 'node:crypto';
import type { InventoryOptions } from '../../deployment.ts';
import type { SmallHost, SmallHostOptions } from '../../hosts/small-host.ts';
import type { SmallProxy, SmallProxyOptions } from '../../hosts/small-proxy.ts';
import { takeInNewcomers } from '../../zabbix/autoregistration.ts';
import type { Credential } from '../../zabbix/monitored-host.ts';
import type { ZabbixLab } from '../../zabbix/zabbix-lab.ts';
import { itemEveryS } from '../bench-lab.ts';
import type { Kind } from './kind.ts';

/** What a secret is about; the secret has its kind's name. */
export interface Subject {
  readonly kind: Kind;
  /** what both sides start with */
  readonly credential: Credential;
  readonly targets: readonly object[];
  /** the agent whose key is rotated */
  readonly own?: SmallHost;
  /** a host behind the proxy whose key is rotated */
  readonly behind?: SmallHost;
  /** the active proxy that has a part in it */
  readonly activeProxy?: SmallProxy;
}

export function startSubject(zabbix: ZabbixLab, kind: Kind): Promise<Subject> {
  switch (kind) {
    case 'host':
      return aHost(zabbix, kind);
    case 'active-proxy':
      return aProxy(zabbix, kind, 'active');
    case 'passive-proxy':
      return aProxy(zabbix, kind, 'passive');
    case 'behind-active-proxy':
      return aHostBehind(zabbix, kind, 'active');
    case 'behind-passive-proxy':
      return aHostBehind(zabbix, kind, 'passive');
    case 'proxy-and-agent':
      return aProxyAndItsAgent(zabbix, kind);
    case 'autoregistration':
      return newAgents(zabbix, kind);
  }
}

/** What the inventory says of them; `with` names the nodes whose caches are told to reload. */
export function reloadOf(zabbix: ZabbixLab, subjects: readonly Subject[]): NonNullable<InventoryOptions['reload']> {
  const proxies = subjects.flatMap(({ activeProxy }) => (activeProxy === undefined ? [] : [activeProxy]));
  return {
    servers: [zabbix.serverNode.instanceId],
    proxies: Object.fromEntries(proxies.map(({ name, node }) => [name, node.instanceId])),
  };
}

const agent = 'zabbix_agentd';

function withItems(zabbix: ZabbixLab, about: SmallHostOptions): Promise<SmallHost> {
  return zabbix.host({ agent, passiveEveryS: itemEveryS, activeEveryS: itemEveryS, ...about });
}

async function aHost(zabbix: ZabbixLab, kind: Kind): Promise<Subject> {
  const own = await withItems(zabbix, { name: kind });
  return { kind, credential: own.credential, targets: [own.target], own };
}

async function aProxy(zabbix: ZabbixLab, kind: Kind, mode: SmallProxy['mode']): Promise<Subject> {
  const { proxy, behind, ...parts } = await site(zabbix, { name: kind, mode });
  return { kind, credential: proxy.credential, targets: [proxy.target], behind, ...parts };
}

async function aHostBehind(zabbix: ZabbixLab, kind: Kind, mode: SmallProxy['mode']): Promise<Subject> {
  const proxy = await zabbix.proxy({ name: `of-${kind}`, mode });
  const own = await withItems(zabbix, { name: kind, behind: proxy });
  const parts = mode === 'active' ? { activeProxy: proxy } : {};
  return { kind, credential: own.credential, targets: [own.target], own, ...parts };
}

/** One identity and one key file, as in the setup that this service was asked for. */
async function aProxyAndItsAgent(zabbix: ZabbixLab, kind: Kind): Promise<Subject> {
  const { proxy, behind, ...parts } = await site(zabbix, { name: kind, backend: 'postgresql', agent });
  const { credential, keyFile } = proxy;
  const own = await withItems(zabbix, { name: `${kind}-host`, on: proxy, ...credential, keyFile: { path: keyFile } });
  return { kind, credential, targets: [proxy.target, own.target], own, behind, ...parts };
}

async function newAgents({ api, hostGroupId }: ZabbixLab, kind: Kind): Promise<Subject> {
  const credential = { identity: 'autoreg', psk: randomBytes(32).toString('hex') };
  await takeInNewcomers(api, credential, hostGroupId);
  return { kind, credential, targets: [{ kind: 'autoregistration' }] };
}

/** A proxy, and a host behind it that sends without encryption, as inside a site. */
async function site(zabbix: ZabbixLab, options: SmallProxyOptions) {
  const proxy = await zabbix.proxy(options);
  const behind = await withItems(zabbix, { name: `inside-${options.name}`, behind: proxy, psk: null });
  return { proxy, behind, ...(proxy.mode === 'active' ? { activeProxy: proxy } : {}) };
}
