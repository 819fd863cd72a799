import { describe, expect, test } from 'vitest';
import type { Delivery, OutsideCall, Reaction } from '../aws/faults.ts';
import { eventually } from '../eventually.ts';
import type { Lab } from '../lab.ts';
import { type Aimed, aim } from './faults-aimed.ts';
import { sharesOneKey, worksWith } from './faults-end.ts';
import { adoptedHost, type FaultRow, faultRows } from './faults-rows.ts';
import { leftOn } from './held.ts';

const rows: readonly FaultRow[] = [
  {
    name: 'lost-commands',
    title:
      'the answer to every SendCommand is lost after it was applied, so the node gets each command twice: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, { call: loseEveryOther('ssm:SendCommand') }),
    endsOn: 'new',
  },
  {
    name: 'late-switch',
    title: 'a switch is delivered 20 s late: the rotation waits for it and ends on the new key',
    trouble: (lab, host) => aim(lab, host, deliver('switch', { delayMs: 20_000 })),
    endsOn: 'new',
  },
  {
    name: 'twice-each',
    title: 'every command is delivered twice: the second run changes nothing and the rotation ends on the new key',
    trouble: (lab, host) => aim(lab, host, { delivery: () => ({ twice: true }) }),
    endsOn: 'new',
  },
  {
    name: 'cut-switch',
    title: 'the output of switch is cut off, its account with it: the try fails, and both sides end on one key',
    trouble: (_, host) => host.inflict('switchOutputCutOff'),
    endsOn: 'either',
    says: /switch on i-\w+ \(cut-switch\) ended as Success, exit code 0, without an account.*takes it up by itself/,
  },
];

export const secretsOfRunCommand = [
  ...rows.map(({ name }) => name),
  'cut-all',
  'late-prepare',
  'late-for-all',
  'after-roll-back',
];

export function faultsOfRunCommand(lab: () => Lab): void {
  faultRows('Run Command', lab, rows);

  describe('Run Command, after the end', () => {
    test('the output of every command is cut off: the rotation is refused, both sides keep the old key, and the notes that it leaves are cleared by the next one', async () => {
      const host = await adoptedHost(lab(), 'cut-all');
      await host.inflict('outputCutOff');
      const { failures } = await lab().rotate('cut-all');
      expect(failures[0]?.errorMessage).toMatch(
        /prepare on i-\w+ \(cut-all\) ended as Success, exit code 0, without an account.*nothing was changed/,
      );
      await worksWith(lab(), host, 'AWSCURRENT');
      expect(await leftOn(host)).not.toEqual([]);

      await host.machine.must(['rm', '/usr/local/sbin/mkdir']);
      await sharesOneKey(lab(), host, await lab().rotate('cut-all'), 'new');
    });

    test('a prepare is delivered when the rotation has been refused: it leaves notes and both sides keep the old key, and the next rotation clears them', async () => {
      const host = await adoptedHost(lab(), 'late-prepare');
      const once = deliver('prepare', { delayMs: 45_000, evenWhenExpired: true });
      aim(lab(), host, once);
      const { failures } = await lab().rotate('late-prepare');
      expect(failures[0]?.errorMessage).toMatch(/did not take up prepare within 30 s/);

      await eventually('the late prepare has run', async () => (await leftOn(host)).length > 0, { withinS: 60 });
      await worksWith(lab(), host, 'AWSCURRENT');
      await sharesOneKey(lab(), host, await lab().rotate('late-prepare'), 'new');
    });

    test('a switch is delivered when the rotation has been given up: it is refused and both sides keep the old key', async () => {
      const host = await adoptedHost(lab(), 'late-for-all');
      aim(lab(), host, deliver('switch', { delayMs: 55_000, evenWhenExpired: true }));
      const end = await lab().rotate('late-for-all');
      expect(end.failures[0]?.errorMessage).toMatch(/did not take up switch within 30 s.*; nothing was changed/);
      await sharesOneKey(lab(), host, end, 'old');

      await ranSwitch(lab(), 'late-for-all', 1);
      await sharesOneKey(lab(), host, end, 'old');
    });

    test('a switch is delivered again after the roll back: it is refused and both sides keep the old key', async () => {
      const host = await adoptedHost(lab(), 'after-roll-back');
      await host.inflict('cannotReadNewKey');
      aim(lab(), host, deliver('switch', { twice: true, againAfterMs: 60_000 }));
      const end = await lab().rotate('after-roll-back');
      expect(end.failures[0]?.errorMessage).toMatch(
        /rolled back: after-roll-back is proven to be on the old key again/,
      );
      await sharesOneKey(lab(), host, end, 'old');

      await ranSwitch(lab(), 'after-roll-back', 2);
      await sharesOneKey(lab(), host, end, 'old');
    });
  });
}

/** The first command of that verb. */
function deliver(verb: string, how: Partial<Delivery>): Aimed {
  let done = false;
  return {
    delivery: (asked) => {
      if (done || asked !== verb) return undefined;
      done = true;
      return how;
    },
  };
}

/** The SDK sends it again at once. */
function loseEveryOther(wanted: string): (call: OutsideCall) => Reaction | undefined {
  let calls = 0;
  return ({ action }) => {
    if (action !== wanted) return undefined;
    calls += 1;
    return calls % 2 === 1 ? 'lose-answer' : undefined;
  };
}

/** Waits until a node has been given the rotation's switch so often, and has had the time to run it. */
async function ranSwitch(lab: Lab, name: string, times: number): Promise<void> {
  const runs = () =>
    lab.cloud.commands
      .filter(({ comment }) => comment === `zabbix-psk switch ${name}`)
      .flatMap(({ invocations }) => [...invocations.values()]);
  await eventually(
    'the switch has run',
    () => runs().some(({ runs: count, script }) => count >= times && script === undefined),
    { withinS: 90, everyMs: 250 },
  );
}
