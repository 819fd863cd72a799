/** Where everything of a proxy is, as Debian ships it; the same for both of its databases. */
export const proxy = {
  service: 'zabbix-proxy',
  binary: '/usr/sbin/zabbix_proxy',
  config: '/etc/zabbix/zabbix_proxy.conf',
  dropIn: '/etc/zabbix/zabbix_proxy.conf.d/lab.conf',
  log: '/var/log/zabbix-proxy/zabbix_proxy.log',
  pidFile: '/run/zabbix/zabbix_proxy.pid',
} as const;

/** A proxy's database: each is a build of its own. */
export const proxyBackends = {
  sqlite3: {
    package: 'sqlite3',
    parameters: { DBName: '/var/lib/zabbix/zabbix_proxy.db' },
  },
  postgresql: {
    package: 'pgsql',
    parameters: { DBName: 'zabbix_proxy', DBHost: '/run/postgresql' },
  },
} as const;

export type ProxyBackend = keyof typeof proxyBackends;
