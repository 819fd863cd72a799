import type { Credential } from '../../../lambda/rotation/model.ts';
import type { FakeHost } from '../../fakes/site.ts';
import { aMoment, aNode, at, forAWhile, type Site } from '../site.ts';
import type { Fault } from './fault.ts';

/** An agent that is well with the key it began with, and with no other. */
function onlyWithNewKeys(host: FakeHost, starts: (credential: Credential) => Credential | undefined): void {
  const before = host.startsWith;
  const fingerprint = host.prints;
  const started = host.onStart;
  host.onStart = () => {
    started();
    if (host.prints === fingerprint) host.mute = false;
  };
  host.startsWith = (credential) => {
    const isOld = credential.key.fingerprint === fingerprint;
    host.mute &&= !isOld;
    return isOld ? before(credential) : starts(credential);
  };
}

function onNode(name: string, heals: boolean, befalls: (host: FakeHost, site: Site, atMs: number) => void): Fault {
  return { name, heals, befalls: (site) => befalls(aNode(site).host, site, aMoment(site)) };
}

export const nodeFaults: readonly Fault[] = [
  {
    name: 'a node is rebooted',
    heals: true,
    befalls: (site) => {
      const node = aNode(site);
      const downMs = site.random.between(10_000, 120_000);
      at(site, aMoment(site), () => node.up && node.reboot(downMs));
    },
  },
  {
    name: 'a host script is killed',
    heals: true,
    befalls: (site) => {
      const node = aNode(site);
      let left = site.random.below(25);
      node.isKilledAfter = () => left-- === 0;
    },
  },
  {
    name: 'the disk of a node is full for a while',
    heals: true,
    befalls: (site) => {
      const node = aNode(site);
      const set = (full: boolean) => () => {
        node.diskFull = full;
      };
      forAWhile(site, aMoment(site), set(true), set(false));
    },
  },
  {
    name: 'the files of an agent are read-only for a while',
    heals: true,
    befalls: (site) => {
      const node = aNode(site);
      const set = (readOnly: boolean) => () => {
        node.readOnly = readOnly;
      };
      forAWhile(site, aMoment(site), set(true), set(false));
    },
  },
  onNode('a node cannot be commanded for a while', true, (host, site, atMs) => {
    const set = (reachable: boolean) => () => {
      host.reachableByCommands = reachable && !site.lost.has(host);
    };
    forAWhile(site, atMs, set(false), set(true));
  }),
  onNode('a node can never be commanded again', false, (host, site, atMs) =>
    at(site, atMs, () => {
      site.lost.add(host);
      host.reachableByCommands = false;
    }),
  ),
  onNode('a host is cut off from the server for a while', true, (host, site, atMs) => {
    const set = (cutOff: boolean) => () => {
      site.account.zabbix.hearing.look(host);
      host.cutOff = cutOff;
    };
    forAWhile(site, atMs, set(true), set(false));
  }),
  onNode("a node's clock is an hour off", true, (host, site) => {
    host.clockAheadMs = site.random.of([-3_600_000, 3_600_000]);
  }),
  onNode('an agent starts slowly', true, (host, site) => {
    host.startMs = site.random.between(1_000, 19_900);
  }),
  onNode('for a while an agent needs longer to start than it is given', true, (host, site, atMs) => {
    const { startMs } = host;
    const set = (ms: number) => () => {
      host.startMs = ms;
    };
    forAWhile(site, atMs, set(25_000), set(startMs));
  }),
  onNode('an agent does not start with a new key', true, (host) => onlyWithNewKeys(host, () => undefined)),
  onNode('an agent is silent with a new key', true, (host) =>
    onlyWithNewKeys(host, (credential) => {
      host.mute = true;
      return credential;
    }),
  ),
  onNode('an agent dies a moment after it has started with a new key', true, (host, site) => {
    let died = false;
    onlyWithNewKeys(host, (credential) => {
      // Nor does a reboot bring it to life.
      if (died) return undefined;
      died = true;
      site.clock.in(host.startMs + 2_000, () => {
        if (host.running !== credential) return;
        site.account.zabbix.hearing.look(host);
        host.running = undefined;
      });
      return credential;
    });
  }),
  onNode('an agent that is stopped never starts again', false, (host, site) => {
    host.startsWith = () => undefined;
    site.gone.add(host);
  }),
];
