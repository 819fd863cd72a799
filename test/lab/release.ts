/** The Zabbix releases that the lab knows, each as Debian ships it. One row holds every difference between them. */
export const releases = {
  '6.0': {
    suite: 'bookworm',
    postgres: '/usr/lib/postgresql/15/bin',
    packages: ['postgresql-15', 'php8.2-cgi', 'php8.2-cli'],
    apiUserGroupRights: 'rights',
    roles: { hosts: 'docs/zabbix-role-6.0.json', proxies: 'docs/zabbix-role-proxies-6.0.json' },
    proxies: {
      name: 'host',
      modes: { active: { status: 5 }, passive: { status: 6 } },
      passiveAt: (ip) => ({ interface: { useip: 1, ip, dns: '', port: '10051' } }),
      hostBehind: (proxyId) => ({ proxy_hostid: proxyId }),
      stored: { table: 'hosts', id: 'hostid' },
      configFrequency: 'ConfigFrequency',
    },
  },
  '7.0': {
    suite: 'trixie',
    postgres: '/usr/lib/postgresql/17/bin',
    packages: ['postgresql-17', 'php8.4-cgi', 'php8.4-cli', 'zabbix-sender'],
    apiUserGroupRights: 'hostgroup_rights',
    roles: { hosts: 'docs/zabbix-role-7.0.json', proxies: 'docs/zabbix-role-proxies-7.0.json' },
    proxies: {
      name: 'name',
      modes: { active: { operating_mode: 0 }, passive: { operating_mode: 1 } },
      passiveAt: (ip) => ({ address: ip, port: '10051' }),
      hostBehind: (proxyId) => ({ monitored_by: 1, proxyid: proxyId }),
      stored: { table: 'proxy', id: 'proxyid' },
      configFrequency: 'ProxyConfigFrequency',
    },
  },
} as const satisfies Record<string, Release>;

export type ZabbixVersion = keyof typeof releases;

export interface Release {
  /** Debian suite whose main archive carries this Zabbix */
  readonly suite: string;
  /** where that suite's PostgreSQL keeps its programs */
  readonly postgres: string;
  /**
   * What is installed beside `commonPackages`. php-cgi is named because `php` takes Apache when nothing else is chosen;
   * nothing here uses it.
   */
  readonly packages: readonly string[];
  /** what usergroup.create calls the rights on host groups */
  readonly apiUserGroupRights: string;
  /** parameters of role.create for a service that rotates the keys of hosts, or of proxies, too */
  readonly roles: Readonly<Record<'hosts' | 'proxies', string>>;
  readonly proxies: ProxyWords;
}

/** What a release calls things about proxies. */
export interface ProxyWords {
  /** the field of proxy.create that holds its name */
  readonly name: string;
  readonly modes: Readonly<Record<'active' | 'passive', object>>;
  /** parameters of proxy.create that tell where a passive proxy is */
  readonly passiveAt: (ip: string) => object;
  /** parameters of host.create that put a host behind a proxy */
  readonly hostBehind: (proxyId: string) => object;
  /** the database's table of proxies and its key: the API does not tell every release's credential of a proxy */
  readonly stored: { readonly table: string; readonly id: string };
  /** parameter of zabbix_proxy.conf: how often an active proxy fetches its configuration */
  readonly configFrequency: string;
}

/** Zabbix and its agents, what the server side runs on, and what the host scripts and the tests call. */
export const commonPackages = [
  ...['zabbix-server-pgsql', 'zabbix-frontend-php', 'zabbix-agent', 'zabbix-agent2'],
  ...['php-pgsql', 'php-gd', 'php-bcmath', 'php-mbstring', 'php-xml'],
  ...['openssl', 'procps', 'iproute2', 'mount', 'tcpdump', 'shellcheck', 'ca-certificates'],
] as const;
