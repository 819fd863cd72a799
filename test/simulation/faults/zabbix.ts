import { Refusal } from '../../../lambda/errors.ts';
import type { FakeHost } from '../../fakes/site.ts';
import type { FakeZabbix } from '../../fakes/zabbix.ts';
import { aMoment, aNode, forAWhile } from '../site.ts';
import type { Fault } from './fault.ts';

export const slowCache = 'the server renews its cache every 600 s';

function inZabbix(name: string, set: (zabbix: FakeZabbix, isBroken: boolean) => void): Fault {
  return {
    name,
    heals: true,
    befalls: (site) => {
      const { zabbix } = site.account;
      forAWhile(
        site,
        aMoment(site),
        () => set(zabbix, true),
        () => set(zabbix, false),
      );
    },
  };
}

function unheard(name: string, set: (host: FakeHost, isUnheard: boolean) => void): Fault {
  return {
    name,
    heals: true,
    befalls: (site) => {
      const { host } = aNode(site);
      const change = (isUnheard: boolean) => () => {
        site.account.zabbix.hearing.look(host);
        set(host, isUnheard);
      };
      forAWhile(site, aMoment(site), change(true), change(false));
    },
  };
}

export const zabbixFaults: readonly Fault[] = [
  inZabbix("Zabbix' API is down for a while", (zabbix, isBroken) => {
    zabbix.down = isBroken;
  }),
  inZabbix("Zabbix' API takes every question and answers none", (zabbix, isBroken) => {
    zabbix.silent = isBroken;
  }),
  inZabbix("Zabbix' API token is revoked for a while", (zabbix, isBroken) => {
    zabbix.refuses = isBroken ? new Refusal('ZABBIX_TOKEN_REFUSED', 'Zabbix does not accept the API token') : undefined;
  }),
  inZabbix('the Zabbix server is restarted', ({ server, hearing }, isBroken) => {
    for (const host of server.hosts) hearing.look(host);
    server.up = !isBroken;
    if (server.up) server.renew();
  }),
  {
    // Longer than `serverWaitS` waits for it.
    name: slowCache,
    heals: false,
    befalls: ({ account, random }) => {
      account.server.cycle = { everyS: 600, phaseS: random.below(600) };
    },
  },
  unheard('a host is disabled for a while', (host, isUnheard) => {
    host.enabled = !isUnheard;
  }),
  unheard('a host is in a maintenance without data for a while', (host, isUnheard) => {
    host.silenced = isUnheard;
  }),
];
