import type { Site } from '../site.ts';
import type { Fault } from './fault.ts';

/** Some of the commands, from the beginning to the end, arrive otherwise than they should. */
function arriving(name: string, probability: number, afterMs: (site: Site) => readonly number[]): Fault {
  return {
    name,
    heals: true,
    befalls: (site) => {
      const { systems } = site.account;
      const otherwise = systems.arrivesAfterMs;
      systems.arrivesAfterMs = (verb) => (site.random.chance(probability) ? afterMs(site) : otherwise(verb));
    },
  };
}

/** A command is good for 30 s; Systems Manager does not promise that it never comes later. */
export const commandFaults: readonly Fault[] = [
  arriving('commands arrive late', 0.3, ({ random }) => [random.between(2_000, 29_000)]),
  arriving('commands arrive twice', 0.3, ({ random }) => [700, random.between(800, 20_000)]),
  arriving('commands arrive a second time when all is over', 0.2, ({ random }) => [
    700,
    // For half an hour the agent runs no command a second time; it remembers which it had.
    random.between(1_800_000, 3_600_000),
  ]),
  arriving('commands arrive after their time', 0.1, ({ random }) => [random.between(31_000, 1_500_000)]),
  arriving('commands are lost', 0.1, () => []),
  {
    name: 'the output of some commands is cut off',
    heals: true,
    befalls: ({ account, random }) => {
      account.systems.cutsOff = () => random.chance(0.1);
    },
  },
];
