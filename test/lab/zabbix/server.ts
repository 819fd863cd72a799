import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import type { Finished } from '../command.ts';
import { eventually } from '../eventually.ts';
import type { Machine } from '../machine.ts';

const logFile = '/var/log/zabbix-server/zabbix_server.log';
const dropIn = '/etc/zabbix/zabbix_server.conf.d/lab.conf';

/** Settings of the server; what is left out keeps the default of its version. */
export interface ServerSettings {
  /** Seconds between two loads of the configuration: how long a new key waits. Zabbix' defaults: 60 in 6.0, 10 in 7.0. */
  readonly cacheUpdateFrequencyS?: number;
  /** Makes it a node of a cluster, by this name; others are started beside it. */
  readonly nodeName?: string;
  /** Any other parameter of zabbix_server.conf. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** zabbix_server, started by Debian's own init script. */
export class ZabbixServer {
  readonly #machine: Machine;
  /** IPv4 address it listens on and polls from */
  readonly ip: string;
  readonly #database: string;
  #lastReload: Promise<unknown> = Promise.resolve();

  /** @param database address of PostgreSQL, or the folder of its socket on this machine */
  constructor(machine: Machine, ip: string, database = '/run/postgresql') {
    this.#machine = machine;
    this.ip = ip;
    this.#database = database;
  }

  async start(settings: ServerSettings): Promise<void> {
    this.#machine.write(dropIn, configuration(this.ip, this.#database, settings), 0o640);
    await this.#machine.must(['chown', 'root:zabbix', dropIn]);
    const before = this.log().length;
    await this.#machine.must(['service', 'zabbix-server', 'start']);
    const isUp = async () => standsBy.test(this.log().slice(before)) || (await this.isAtWork());
    await eventually('zabbix_server is up', isUp, { withinS: 30 });
  }

  /** Whether it takes connections: a standby node of a cluster does not. */
  isAtWork(): Promise<boolean> {
    return listens(this.ip, 10051);
  }

  /** Ends it as its service does: another node of its cluster takes over at once. */
  async stop(): Promise<void> {
    await this.#machine.must(['service', 'zabbix-server', 'stop']);
  }

  /** Ends every process of it at once. A cluster finds out after its failover delay. */
  async kill(): Promise<void> {
    await this.#machine.must(['pkill', '-KILL', '-x', 'zabbix_server']);
  }

  /** Sends it a runtime command. */
  tell(command: string): Promise<Finished> {
    return this.#machine.run(['zabbix_server', '-R', command]);
  }

  /** Stops the server, which takes about 2 s, and starts it with these settings. */
  async restart(settings: ServerSettings): Promise<void> {
    await this.stop();
    await this.start(settings);
  }

  /** Makes the server load its configuration now. For setting a lab up: the service has no such access. */
  reloadConfigurationCache(): Promise<void> {
    const turn = this.#lastReload.then(async () => {
      // 6.0 logs the beginning only. Its syncer does one thing at a time, so that the next beginning is this one's end.
      await this.#beginReload();
      await this.#beginReload();
    });
    this.#lastReload = turn.catch(() => {});
    return turn;
  }

  /**
   * Makes the server hand its passive proxies their configuration now. 6.0 has no such command: it does so by itself, every
   * ProxyConfigFrequency seconds.
   */
  async sendConfigurationToProxies(): Promise<void> {
    await this.tell('proxy_config_cache_reload');
  }

  async #beginReload(): Promise<void> {
    const before = this.log().length;
    await this.#machine.must(['zabbix_server', '-R', 'config_cache_reload']);
    await eventually('the server reloads its configuration', () => reloads.test(this.log().slice(before)), {
      everyMs: 5,
    });
  }

  /** The whole log since the server was first started. */
  log(): string {
    return existsSync(this.#machine.path(logFile)) ? this.#machine.read(logFile) : '';
  }
}

const reloads = /\d forced reloading of the configuration cache/;
const standsBy = /node started in "standby" mode/;

function configuration(ip: string, database: string, settings: ServerSettings): string {
  const parameters: Record<string, string> = {
    ListenIP: ip,
    SourceIP: ip,
    DBHost: database,
    SocketDir: '/run/zabbix',
    // Less to start than by default: a lab has a few hosts.
    StartPollers: '3',
    StartPreprocessors: '1',
    StartDiscoverers: '0',
    StartHTTPPollers: '0',
    StartTrappers: '3',
    StartPingers: '0',
    StartEscalators: '1',
    StartAlerters: '1',
    ...(settings.nodeName === undefined ? {} : { HANodeName: settings.nodeName, NodeAddress: `${ip}:10051` }),
    ...settings.parameters,
  };
  if (settings.cacheUpdateFrequencyS !== undefined)
    parameters.CacheUpdateFrequency = `${settings.cacheUpdateFrequencyS}`;
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Whether something accepts connections there. */
export function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
