import { ZabbixUnreachable } from '../../lambda/errors.ts';
import type { Monitor, Ports } from '../../lambda/rotation/ports.ts';
import type { FakeAccount } from '../fakes/account.ts';
import type { Invariant } from './violations.ts';

/** Mistakes that a story could have made, each against one invariant. They are planted between the story and its ports. */
export interface PlantedBug {
  readonly name: string;
  readonly breaks: Invariant;
  readonly between: (ports: Ports) => Ports;
}

export function plant({ between }: PlantedBug, account: FakeAccount): void {
  account.between = between;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'any value that is stored is taken for contact',
    breaks: 'an agent that was reached is reached, or a stranded report names it',
    between: (ports) => ({ ...ports, monitor: { ...ports.monitor, lastValueS: async () => Number.MAX_SAFE_INTEGER } }),
  },
  {
    name: 'whoever goes back does not see that the version has been promoted',
    breaks: 'never two keys promoted',
    between: (ports) => ({
      ...ports,
      secrets: {
        ...ports.secrets,
        discard: async (secretId, versionId) => {
          const { current } = await ports.secrets.labels(secretId);
          await ports.secrets.promote(secretId, { from: current, to: versionId });
          await ports.secrets.discard(secretId, versionId);
        },
      },
    }),
  },
  {
    name: 'what is parked is logged',
    breaks: 'no key in any output',
    between: (ports) => ({
      ...ports,
      secrets: {
        ...ports.secrets,
        park: async (labels, versionId, value) => {
          await ports.archive.append({ event: 'debug', value: { ...value, key: value.key.reveal() } });
          return ports.secrets.park(labels, versionId, value);
        },
      },
    }),
  },
  {
    name: 'the end of a rotation that goes back is not recorded',
    breaks: 'every rotation that began has exactly one recorded end',
    between: (ports) => ({
      ...ports,
      archive: {
        ...ports.archive,
        append: async (fact) => (fact.outcome === 'rolled-back' ? undefined : ports.archive.append(fact)),
      },
    }),
  },
  {
    name: 'Zabbix is asked until it answers, however long that takes',
    breaks: 'nothing waits past its deadline',
    between: (ports) => ({ ...ports, monitor: { ...ports.monitor, find: untilAnswered(ports) } }),
  },
  {
    name: 'the way back is not marked',
    breaks: 'every rotation that began has exactly one recorded end',
    between: (ports) => ({ ...ports, secrets: { ...ports.secrets, markGoingBack: async () => false } }),
  },
];

function untilAnswered({ monitor, clock }: Ports): Monitor['find'] {
  return async (target, among) => {
    for (;;) {
      try {
        return await monitor.find(target, among);
      } catch (error) {
        if (!(error instanceof ZabbixUnreachable)) throw error;
        await clock.sleep(5_000);
      }
    }
  };
}
