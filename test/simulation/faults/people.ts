import { isOfAutoregistration } from '../../../lambda/rotation/model.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import type { FakeHost } from '../../fakes/site.ts';
import { aMoment, aNode, at, forAWhile, pick, type Site } from '../site.ts';
import type { Fault } from './fault.ts';

const aStranger = () => ({ identity: `by-hand-${PskKey.mint(16).fingerprint}`, key: PskKey.mint(32) });

function byHand(name: string, change: (host: FakeHost, site: Site) => void): Fault {
  return {
    name,
    heals: false,
    befalls: (site) => {
      const { host } = aNode(site);
      at(site, aMoment(site), () => {
        site.changedByHand.set(host, site.clock.now().ms);
        site.account.zabbix.hearing.look(host);
        change(host, site);
      });
    },
  };
}

function inZabbix(host: FakeHost, { account }: Site, credential = aStranger()): void {
  account.server.stores(host, credential);
}

function onDisk(host: FakeHost, { account }: Site, credential = aStranger()): void {
  host.onDisk = credential;
  host.running = credential;
  account.zabbix.hearing.started(host);
}

/** What other people do to our secrets and hosts, and who calls our functions. */
export const humanFaults: readonly Fault[] = [
  byHand('somebody changes the key in Zabbix', inZabbix),
  byHand('somebody changes the key on the node', onDisk),
  byHand('somebody changes the key on both sides', (host, site) => {
    const credential = aStranger();
    inZabbix(host, site, credential);
    onDisk(host, site, credential);
  }),
  {
    name: 'a secret is deleted for a while',
    heals: true,
    befalls: (site) => {
      const secret = pick(site.random, site.secrets);
      const set = (deleted: boolean) => () => {
        secret.deleted = deleted;
      };
      forAWhile(site, aMoment(site), set(true), set(false));
    },
  },
  {
    name: 'two secrets name one host',
    heals: false,
    befalls: ({ secrets, account, changedByHand, clock }) => {
      // A secret that names autoregistration beside others is refused before it is looked at.
      const [one, other] = secrets.filter(({ current }) => current !== undefined && !isOfAutoregistration(current));
      if (one === undefined || other === undefined) return;
      const [target, ...others] = one.current?.targets ?? [];
      const value = other.current;
      if (target === undefined || value === undefined) return;
      const version = other.labelled('AWSCURRENT') ?? '';
      other.values.set(version, { ...value, targets: [...value.targets, target, ...others] });
      const shared = new Set([target, ...others].map(({ name }) => name));
      for (const host of account.hosts) if (shared.has(host.name)) changedByHand.set(host, clock.now().ms);
    },
  },
  {
    name: 'a human gives a rotation up',
    heals: true,
    befalls: (site) => {
      site.visits.push({ atMs: aMoment(site), secret: pick(site.random, site.secrets), asks: 'abandon' });
    },
  },
  {
    name: 'a human calls the repair function',
    heals: true,
    befalls: (site) => {
      site.visits.push({ atMs: aMoment(site), secret: pick(site.random, site.secrets), asks: 'repair' });
    },
  },
  {
    name: 'nobody tells the repair function of a failure',
    heals: true,
    befalls: ({ secrets, random, unheard }) => {
      unheard.add(pick(random, secrets));
    },
  },
];
