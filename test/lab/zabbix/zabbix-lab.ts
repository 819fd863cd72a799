/**
 * WARNING: a lab, not an installation. Keys lie in files that root reads, PostgreSQL trusts everybody, the administrator is Admin/zabbix.
 *
 * Goal: real Zabbix (server, frontend, PostgreSQL, agents as Debian ships them) in a few seconds, several beside each other, gone without a
 * trace when the process that started it ends.
 * Limits: one computer, so one clock and no packet loss; the server starts fewer pollers than usual; no systemd; needs root.
 */
import { type Addresses, claimAddresses } from '../addresses.ts';
import { ArgvSampler } from '../argv-sampler.ts';
import { Capture } from '../capture.ts';
import { Cell } from '../cell.ts';
import { ManagedMachine } from '../hosts/managed-machine.ts';
import { SmallHost, type SmallHostOptions } from '../hosts/small-host.ts';
import { SmallProxy, type SmallProxyOptions } from '../hosts/small-proxy.ts';
import type { Machine } from '../machine.ts';
import { releases, type ZabbixVersion } from '../release.ts';
import { debianRoot } from '../root.ts';
import { type Finding, type Needles, searchMachines } from '../search.ts';
import { type Access, createProbeScript, grantAccess, probeScript, type Rotates } from './access.ts';
import { AdminApi } from './admin-api.ts';
import { ApiTraffic } from './api-traffic.ts';
import { Authority, certificateParameters } from './authority.ts';
import { startDatabase } from './database.ts';
import { type Frontend, startFrontend } from './frontend.ts';
import { type ServerSettings, ZabbixServer } from './server.ts';

export interface ZabbixLabOptions {
  /** default 6.0 */
  readonly version?: ZabbixVersion;
  /** default: every parameter as that version has it */
  readonly server?: ServerSettings;
  /** What the role of the service's user is made for; default hosts. */
  readonly rotates?: Rotates;
  /** The server shows a certificate and takes those of its CA, as hosts and proxies may; default: it has none. */
  readonly usesCertificates?: boolean;
}

/** A running Zabbix: server, database, frontend. Hosts are added with `host`. */
export interface ZabbixLab {
  readonly version: ZabbixVersion;
  /** API address, HTTPS: `https://127.a.b.1:port/api_jsonrpc.php` */
  readonly url: string;
  /** the web frontend for a browser: without and with TLS; Admin/zabbix */
  readonly frontend: { readonly plain: string; readonly tls: string; restart(awayMs: number): Promise<void> };
  /** the only CA to trust for `url` */
  readonly caPem: string;
  /** what the rotation service is given */
  readonly access: Access;
  /** name and id of the global script for script.execute */
  readonly probe: { readonly name: string; readonly scriptId: string };
  /** host group that `access` may write and `host` uses */
  readonly hostGroupId: string;
  readonly server: ZabbixServer;
  readonly api: AdminApi;
  /** the calls that the function makes */
  readonly apiTraffic: ApiTraffic;
  readonly addresses: Addresses;
  /** the machine that server, database and frontend run on */
  readonly serverMachine: Machine;
  /** the same, as Systems Manager knows it */
  readonly serverNode: ManagedMachine;
  /** Whose certificates the server takes; none: it has no certificate itself */
  readonly authority: Authority | undefined;
  readonly hosts: readonly SmallHost[];
  readonly proxies: readonly SmallProxy[];
  /** Starts a small host, tells Zabbix about it and waits for its first values. Several may be started at once. */
  host(options: SmallHostOptions): Promise<SmallHost>;
  /** Starts a machine with a proxy on it, tells Zabbix about it and waits until the server hears of it. */
  proxy(options: SmallProxyOptions): Promise<SmallProxy>;
  /** Starts another node of the cluster that `server.nodeName` has begun, on a machine of its own and the same database. */
  standby(name: string): Promise<StandbyNode>;
  /** Starts a machine with nothing on it that runs; `below` as for `Cell.machine`. */
  machine(name: string, below?: readonly string[]): Promise<Machine>;
  /** Listens to ports 10050 and 10051 of the lab (or of the given addresses only) until `stop`. */
  capture(addresses?: readonly string[]): Promise<Capture>;
  /** The same for what two addresses say to each other: a proxy also speaks to the agents behind it, maybe in clear. */
  captureBetween(one: string, other: string): Promise<Capture>;
  /** Notes the arguments of every process of this computer until `stop`. */
  sampleArguments(): Promise<ArgvSampler>;
  /** Every file that any machine of the lab has written and that holds one of the needles. */
  search(needles: Needles): Promise<Finding[]>;
  stop(): Promise<void>;
}

/** Another zabbix_server of a cluster and the machine that it is on. */
export interface StandbyNode {
  readonly server: ZabbixServer;
  readonly node: ManagedMachine;
}

/** Starts Zabbix: about 3 s, and about two minutes more when this computer has never done it. */
export async function startZabbix(options: ZabbixLabOptions = {}): Promise<ZabbixLab> {
  const version = options.version ?? '6.0';
  const release = releases[version];
  const cell = await Cell.start(await debianRoot(release));
  try {
    const addresses = await claimAddresses();
    const serverMachine = await cell.machine('zabbix');
    const authority = options.usesCertificates === true ? await Authority.make(serverMachine) : undefined;
    await authority?.equip(serverMachine, 'server');
    const serverSettings = {
      ...options.server,
      parameters: { ...options.server?.parameters, ...(authority === undefined ? {} : certificateParameters) },
    };
    const isCluster = serverSettings.nodeName !== undefined;
    await startDatabase(serverMachine, release, isCluster ? addresses.at(1) : '');
    const server = new ZabbixServer(serverMachine, addresses.at(1));
    const apiTraffic = new ApiTraffic();
    const [frontend] = await Promise.all([
      startFrontend(serverMachine, addresses.at(1), isCluster ? undefined : addresses.at(1), apiTraffic),
      server.start(serverSettings),
    ]);
    const api = await AdminApi.login(frontend.plainUrl);
    const hostGroupId = await api.create('hostgroup.create', { name: 'PSK lab' });
    const access = await grantAccess(api, release, options.rotates ?? 'hosts', hostGroupId);
    const probe = { name: probeScript, scriptId: await createProbeScript(api) };
    const hosts: SmallHost[] = [];
    const proxies: SmallProxy[] = [];
    const { restart } = frontend;
    const pages = { plain: new URL('.', frontend.plainUrl).href, tls: new URL('.', frontend.url).href, restart };
    const lab: ZabbixLab = {
      frontend: pages,
      ...{ version, url: frontend.url, caPem: frontend.caPem, access, probe, hostGroupId },
      ...{ server, api, apiTraffic, addresses, serverMachine, authority, hosts, proxies },
      serverNode: new ManagedMachine(version, serverMachine, addresses.at(1)),
      host: async (about) => {
        const host = await SmallHost.start(lab, about);
        hosts.push(host);
        return host;
      },
      proxy: async (about) => {
        const proxy = await SmallProxy.start(lab, about);
        proxies.push(proxy);
        return proxy;
      },
      standby: async (name) => {
        const node = await ManagedMachine.start(lab, name, {});
        const another = new ZabbixServer(node.machine, node.ip, addresses.at(1));
        await another.start({ ...serverSettings, nodeName: name });
        return { server: another, node };
      },
      machine: (name, below) => cell.machine(name, below),
      capture: (of) => Capture.start(serverMachine, { of: of ?? [`${addresses.at(0)}/24`] }),
      captureBetween: (one, other) => Capture.start(serverMachine, { between: [one, other] }),
      sampleArguments: () => ArgvSampler.start(),
      search: (needles) => searchMachines(cell.machines, needles),
      stop: () => stop(cell, frontend, addresses),
    };
    return lab;
  } catch (error) {
    await cell.stop();
    throw error;
  }
}

async function stop(cell: Cell, frontend: Frontend, addresses: Addresses): Promise<void> {
  frontend.close();
  await cell.stop();
  addresses.release();
}
