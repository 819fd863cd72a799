import { describe, expect, test } from 'vitest';
import type { OutsideCall, Reaction } from '../aws/faults.ts';
import { deployBeside, type Lab } from '../lab.ts';
import { aim, moments } from './faults-aimed.ts';
import { keyOnDisk, repaired, sharesOneKey, worksWith } from './faults-end.ts';
import { adoptedHost, type FaultRow, faultRows } from './faults-rows.ts';

/** The SDK asks three times, and six times where it is told to (lambda/wire.ts); our own hand asks S3 four times. */
export const attempts = { secretsmanager: 3, ssm: 6, s3: 4 };

const rows: readonly FaultRow[] = [
  {
    name: 'aws-throttles',
    title: 'every call of AWS is throttled once: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, { call: eachOnce('throttle') }),
    endsOn: 'new',
  },
  {
    name: 'aws-fails',
    title: 'every call of AWS answers 500 once: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, { call: eachOnce('server-error') }),
    endsOn: 'new',
  },
  ...(
    [
      ['secretsmanager:DescribeSecret', /internal error/],
      ['secretsmanager:GetSecretValue', /internal error/],
      ['secretsmanager:PutSecretValue', /internal error/],
      ['secretsmanager:UpdateSecretVersionStage', /internal error/],
      ['ssm:SendCommand', /prepare could not be sent to i-\w+: .*internal error.*; nothing was changed/],
      ['ssm:GetCommandInvocation', /the account of command \S+ on i-\w+ could not be read: .*; nothing was changed/],
    ] as const
  ).map(
    ([action, says]): FaultRow => ({
      name: `fails-${action.split(':')[1]}`.toLowerCase(),
      title: `${action} answers 500 until the SDK gives up: the try fails, and both sides end on one key`,
      trouble: (lab, host) => aim(lab, host, { call: untilTheSdkGivesUp(action) }),
      endsOn: 'either',
      says,
    }),
  ),
  ...(['s3:PutObject', 's3:ListObjectsV2'] as const).map(
    (action): FaultRow => ({
      name: `slow-down-${action.split(':')[1]}`.toLowerCase(),
      title: `${action} answers 503 SlowDown until nobody asks again: the try fails, and the next one keeps the record and ends on the new key`,
      trouble: (lab, host) => aim(lab, host, { call: untilTheSdkGivesUp(action, 'throttle') }),
      endsOn: 'new',
      says: /SlowDown/,
    }),
  ),
  {
    name: 'lost-record',
    title: 'the answer to PutObject is lost after the record was kept: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, { call: loseAnswer('s3:PutObject') }),
    endsOn: 'new',
  },
  {
    name: 'lost-put',
    title: 'the answer to PutSecretValue is lost after it was applied: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, { call: loseAnswer('secretsmanager:PutSecretValue') }),
    endsOn: 'new',
  },
  {
    name: 'lost-label',
    title:
      'the answer to UpdateSecretVersionStage is lost after AWSCURRENT has moved: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, { call: loseAnswer('secretsmanager:UpdateSecretVersionStage') }),
    endsOn: 'new',
  },
  {
    name: 'nobody-can-say',
    host: { checks: 'active' },
    title:
      'a node is offline while CancelCommand and DescribeInstanceInformation answer 500: the rotation is refused and both sides keep the old key',
    trouble: (lab, host) => {
      host.online = false;
      const failing = /CancelCommand|DescribeInstanceInformation/;
      aim(lab, host, { call: ({ action }) => (failing.test(action) ? 'server-error' : undefined) });
      // It comes back when the rotation has been given up.
      setTimeout(() => {
        host.online = true;
      }, 45_000).unref();
    },
    endsOn: 'old',
    says: /did not take up prepare within 30 s \(Systems Manager could not be asked about it\)/,
  },
];

export const secretsOfSecretsManager = [...rows.map(({ name }) => name), 'asked-in-vain', 'deleted'];

export function faultsOfSecretsManager(lab: () => Lab, patience: Parameters<typeof deployBeside>[2]): void {
  faultRows('Secrets Manager and the ways to it', lab, rows);

  describe('Secrets Manager, with a human', () => {
    test('RotateSecret is throttled until the SDK gives up: the request fails and changes nothing, and made again it ends on the new key', async () => {
      const host = await adoptedHost(lab(), 'asked-in-vain');
      let left = attempts.secretsmanager;
      aim(lab(), host, {
        call: ({ action, caller }) =>
          action === 'secretsmanager:RotateSecret' && caller.kind === 'role' && left-- > 0 ? 'throttle' : undefined,
      });
      const { error } = await lab().invoke({ rotate: 'zabbix-psk/asked-in-vain' });
      expect(error?.errorMessage).toMatch(/Rate exceeded/);
      expect(keyOnDisk(lab(), host)).toBe('AWSCURRENT');

      expect((await lab().invoke({ rotate: 'zabbix-psk/asked-in-vain' })).error).toBeUndefined();
      await sharesOneKey(lab(), host, await lab().cloud.rotationEnded('zabbix-psk/asked-in-vain'), 'new');
    });

    test('the secret is deleted in mid-rotation: both sides work with the new key, which is AWSPENDING until the secret is restored and repaired', async () => {
      const host = await adoptedHost(lab(), 'deleted');
      const secret = [...lab().cloud.world.secrets.values()].find(({ name }) => name === 'zabbix-psk/deleted');
      if (secret === undefined) throw new Error('no secret');
      aim(
        lab(),
        host,
        moments.agentHasSwitched(async () => {
          secret.deletedMs = Date.now();
        }),
      );

      const end = await lab().rotate('deleted');

      expect(end.failures[0]?.errorMessage).toMatch(/marked for deletion/);
      await worksWith(lab(), host, 'AWSPENDING');
      // What RestoreSecret does.
      secret.deletedMs = undefined;
      await repaired(lab(), host, end, 'new');
    });

    test('the KMS key is disabled in mid-rotation: both sides work with one key of the secret, and once it is enabled a repair ends on the new one', async () => {
      const host = await lab().host({ name: 'kms-disabled', agent: 'zabbix_agentd' });
      const beside = await deployBeside(lab(), ['kms-disabled'], patience);
      try {
        await beside.adopt('kms-disabled', [host]);
        const [key] = beside.cloud.world.keys.values();
        if (key === undefined) throw new Error('no key');
        aim(
          beside,
          host,
          moments.agentHasSwitched(async () => {
            key.enabled = false;
            // Another execution environment: what this one has read it would know by heart.
            await beside.cloud.world.environments.close();
          }),
        );

        const end = await beside.rotate('kms-disabled');

        expect(end.failures.map(({ errorMessage }) => errorMessage).join('; ')).toMatch(
          /decrypt the protected secret text/,
        );
        await worksWith(beside, host, keyOnDisk(beside, host));
        key.enabled = true;
        await repaired(beside, host, end, 'new');
      } finally {
        await beside.stop();
      }
    });
  });
}

function eachOnce(reaction: Reaction): (call: OutsideCall) => Reaction | undefined {
  const met = new Set<string>();
  return ({ action, caller, request }) => {
    if (caller.kind !== 'role' || met.has(action + request)) return undefined;
    met.add(action + request);
    return reaction;
  };
}

function untilTheSdkGivesUp(
  wanted: string,
  reaction: Reaction = 'server-error',
): (call: OutsideCall) => Reaction | undefined {
  const [service = ''] = wanted.split(':');
  let left = Object.entries(attempts).find(([name]) => name === service)?.[1] ?? 0;
  return ({ action, caller }) => {
    if (caller.kind !== 'role' || action !== wanted || left === 0) return undefined;
    left -= 1;
    return reaction;
  };
}

/** Of its first call by a function. */
export function loseAnswer(wanted: string): (call: OutsideCall) => Reaction | undefined {
  let lost = false;
  return ({ action, caller }) => {
    if (lost || caller.kind !== 'role' || action !== wanted) return undefined;
    lost = true;
    return 'lose-answer';
  };
}
