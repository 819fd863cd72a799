/** Faults of calls that name no host and no host's secret. */
import { describe, expect, test } from 'vitest';
import type { OutsideCall, Reaction } from '../aws/faults.ts';
import type { Lab } from '../lab.ts';
import { type Patience, withDeployment } from './faults-beside.ts';
import { type EndsOn, sharesOneKey } from './faults-end.ts';
import { attempts } from './faults-secrets-manager.ts';

interface SharedCallRow {
  readonly name: string;
  readonly title: string;
  readonly is: (call: OutsideCall, beside: Lab) => boolean;
  readonly reaction: Reaction;
  /** How often, so that whoever asks gives up. */
  readonly times: number;
  readonly endsOn: EndsOn;
  /** What the first failed try says; without it no try may fail. */
  readonly says?: RegExp;
}

/** Of the service's own secrets there are two: with the access to Zabbix, and with the key of the fingerprints. */
const reads = ({ action, request }: OutsideCall, { cloud }: Lab): 'access' | 'fingerprint key' | undefined => {
  if (action !== 'secretsmanager:GetSecretValue' || request.includes('zabbix-psk/')) return undefined;
  return request.includes(String(cloud.stack.outputs.AccessSecret)) ? 'access' : 'fingerprint key';
};

const rows: readonly SharedCallRow[] = [
  {
    name: 'documents-throttled',
    title:
      'DescribeDocument is throttled until the SDK gives up: the rotation ends on the new key, and its record names no document',
    is: ({ action }) => action === 'ssm:DescribeDocument',
    reaction: 'throttle',
    times: attempts.ssm,
    endsOn: 'new',
  },
  {
    name: 'access-fails',
    title:
      'GetSecretValue of the access secret answers 500 until the SDK gives up: the rotation is refused and both sides keep the old key',
    is: (call, beside) => reads(call, beside) === 'access',
    reaction: 'server-error',
    times: attempts.secretsmanager,
    endsOn: 'old',
    says: /internal error/,
  },
  {
    name: 'fingerprints-fail',
    title:
      'GetSecretValue of the fingerprint key answers 500 until the SDK gives up: the try fails, and the next one keeps the record and ends on the new key',
    is: (call, beside) => reads(call, beside) === 'fingerprint key',
    reaction: 'server-error',
    times: attempts.secretsmanager,
    endsOn: 'new',
    says: /internal error/,
  },
];

export function faultsOfSharedCalls(lab: () => Lab, patience: Patience): void {
  describe('calls that all hosts share', () => {
    test.each(rows)('$title', async ({ name, is, reaction, times, endsOn, says }) => {
      await withDeployment(lab(), name, patience, {}, async (beside, host) => {
        let left = times;
        beside.cloud.faults.hook = (call) => {
          if (call.caller.kind !== 'role' || left === 0 || !is(call, beside)) return undefined;
          left -= 1;
          return reaction;
        };

        const end = await beside.rotate(name);

        expect(left).toBe(0);
        if (says === undefined) expect(end.failures).toEqual([]);
        else expect(end.failures[0]?.errorMessage).toMatch(says);
        await sharesOneKey(beside, host, end, endsOn);
      });
    });
  });
}
