import { describe, expect, test } from 'vitest';
import type { OutsideCall, Reaction } from '../aws/faults.ts';
import type { SmallHost, SmallHostOptions } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { aim } from './faults-aimed.ts';
import { type EndsOn, sharesOneKey } from './faults-end.ts';
import { adoptedHost } from './faults-rows.ts';
import { blind } from './gates.ts';
import { endOf, labelled } from './held.ts';

interface Row {
  readonly name: string;
  readonly title: string;
  readonly host?: Partial<SmallHostOptions>;
  /** Which call of the rotation function it does not survive. */
  readonly dies: (host: SmallHost) => (call: OutsideCall) => Reaction | undefined;
  readonly endsOn: EndsOn;
  readonly says: RegExp;
}

const rows: readonly Row[] = [
  {
    name: 'cut-armed',
    title: 'with the node armed, before Zabbix is told: it is taken back',
    dies: () => (call) => (isCommand(call, 'switch') ? 'kill-after' : undefined),
    endsOn: 'old',
    says: /was left unfinished; rolled back/,
  },
  {
    name: 'cut-followed',
    title: 'after Zabbix was told, when the armed node has followed by itself: it is finished',
    dies: (host) => () => (host.keyInPlace() === host.credential.psk ? undefined : 'kill-before'),
    endsOn: 'new',
    says: /every target works with the new key/,
  },
  {
    name: 'cut-blind',
    title: 'after Zabbix was told, before a node that cannot ask the server is: it is taken back',
    host: blind,
    dies: () => (call) => (isCommand(call, 'switch') ? 'kill-before' : undefined),
    endsOn: 'old',
    says: /was left unfinished; rolled back: cut-blind is proven to be on the old key again/,
  },
  {
    name: 'cut-promoted',
    title: 'after the label has moved, before the node forgets: it is tidied up and recorded',
    dies: () => (call) => (call.action === 'secretsmanager:UpdateSecretVersionStage' ? 'kill-after' : undefined),
    endsOn: 'new',
    says: /what one had left on cut-promoted was tidied up/,
  },
];
const cutTwice = 'cut-twice';

export const secretsOfRepairs = [...rows.map(({ name }) => name), cutTwice];

/** For the stand-in's habits: Secrets Manager does not try these rotations again. */
export const windowsClosedForRepairs = secretsOfRepairs.map((name) => `zabbix-psk/${name}`);

export function repairs(lab: () => Lab): void {
  describe('a rotation whose function is killed, and that Secrets Manager gives up, is brought to an end', () => {
    test.each(rows)('$title', async ({ name, host: options = {}, dies, endsOn, says }) => {
      const host = await adoptedHost(lab(), name, options);
      killed(lab(), host, lab().rotator, dies(host));

      const end = await lab().rotate(name);

      expect(end).toMatchObject({ outcome: 'failed', attempts: 1, failures: [{ errorType: 'Runtime.ExitError' }] });
      expect(saidBy(lab(), name)).toEqual([expect.stringMatching(says)]);
      await sharesOneKey(lab(), host, end, endsOn);
      expect(endOf(lab(), name, end.versionId)).toBeDefined();
      expect((await lab().repair(name)).result).toEqual({
        says: [`zabbix-psk/${name}: no rotation is unfinished.`],
      });
    });

    test('by the hourly look, when the repair function was killed too; not before the secret has been quiet for an hour', async () => {
      const host = await adoptedHost(lab(), cutTwice);
      const minted = (call: OutsideCall) =>
        call.action === 'secretsmanager:PutSecretValue' ? 'kill-after' : undefined;
      killed(lab(), host, lab().rotator, minted);
      killed(lab(), host, lab().repairer, () => 'kill-before');
      const { versionId, ...end } = await lab().rotate(cutTwice);
      expect(labelled(lab(), cutTwice, 'AWSPENDING')?.versionId).toBe(versionId);

      await lab().cloud.fire('RepairerRegularly');
      expect(labelled(lab(), cutTwice, 'AWSPENDING')?.versionId).toBe(versionId);

      quietForAnHour(lab(), cutTwice);
      await lab().cloud.fire('RepairerRegularly');
      await sharesOneKey(lab(), host, { ...end, versionId }, 'old');
      expect(endOf(lab(), cutTwice, versionId)).toMatchObject({ outcome: 'rolled-back' });
    });
  });
}

/** The process of one function dies at the first call about this host that `dies` chooses; the next one lives. */
function killed(
  lab: Lab,
  host: SmallHost,
  functionName: string,
  dies: (call: OutsideCall) => Reaction | undefined,
): void {
  let dead = false;
  aim(lab, host, {
    call(call) {
      if (dead || call.caller.kind !== 'role' || !call.caller.functionArn?.endsWith(`:${functionName}`))
        return undefined;
      const reaction = dies(call);
      dead = reaction !== undefined;
      return reaction;
    },
  });
}

function isCommand({ action, request }: OutsideCall, verb: string): boolean {
  return action === 'ssm:SendCommand' && request.includes(`"zabbix-psk ${verb} `);
}

/** What the repair function has answered so far when it was told of a failed rotation of this secret. */
export function saidBy({ cloud, repairer }: Lab, secret: string): readonly string[] {
  return cloud.invocations
    .filter(({ functionName, event }) => functionName === repairer && JSON.stringify(event).includes(`/${secret}-`))
    .map(({ result, error }) => error?.errorMessage ?? JSON.stringify(result));
}

function quietForAnHour({ cloud }: Lab, secret: string): void {
  const found = [...cloud.world.secrets.values()].find(({ name }) => name === `zabbix-psk/${secret}`);
  if (found !== undefined) found.changedMs -= 3_600_000;
}
