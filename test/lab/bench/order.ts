/** The orders in which the two sides of a key can be changed. */
export const orders = ['server-first', 'host-first', 'api-first'] as const;

export type Order = (typeof orders)[number];

/** For people. `host-first` is what the role zabbix_agent of the Ansible collection community.zabbix does. */
export const titles: Readonly<Record<Order, string>> = {
  'server-first': 'this service: the host follows the server',
  'host-first': 'host first, then API (as Ansible’s role does)',
  'api-first': 'API first, then host at once',
};
