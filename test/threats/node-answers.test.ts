import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parameters } from '../../lambda/contract.ts';
import { NodeUnreachable, Refusal } from '../../lambda/errors.ts';
import { fleetByRunCommand } from '../../lambda/fleet/fleet.ts';
import type { OneByOne, Sent, Values } from '../../lambda/fleet/run-command.ts';
import { Deadline } from '../../lambda/rotation/deadline.ts';
import {
  credentialIn,
  onNodes,
  type Preparation,
  type Rotation,
  type SecretValue,
} from '../../lambda/rotation/model.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { parseSecretValue } from '../../lambda/secrets/secret-value.ts';
import { FakeClock } from '../fakes/clock.ts';
import { anyJson, expectOurs, expectReadable, key, poisons, thrownBy } from './poison.ts';

const target = { kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: 'auto' } as const;
const versionId = '0f7a5c9e-6c1b-4f0e-9a55-3f1c1f2b7d10';
const secretId = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/web-01-AbCdEf';
const parsed = (json: unknown): SecretValue => {
  const value = credentialIn(parseSecretValue(JSON.stringify(json), 'zabbix-psk/web-01'));
  if (value === undefined) throw new RangeError('it holds a credential');
  return value;
};
const secret = (hex: string, identity: string) => parsed({ identity, psk: hex, targets: [target] });
const rotation: Rotation = {
  ...{ secretId, secretName: 'zabbix-psk/web-01', versionId, currentVersionId: undefined },
  ...{ current: secret(key, 'web-01'), pending: secret('f'.repeat(64), 'web-01.k7q2x9') },
};
const clock = new FakeClock();
const patience = { serverWaitMs: 150_000, agentStartMs: 20_000, proveMs: 120_000 };
const deadline = () => Deadline.in(60_000, clock);

const publicKeyOf = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits })
    .publicKey.export({ type: 'spki', format: 'der' })
    .toString('base64');
const publicKey = publicKeyOf(3072);
const ellipticKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;

/** The last line of a node that does as it should. */
const sound = {
  ...{
    zabbixPsk: 1,
    secretId,
    versionId,
    node: target.node,
    outcome: 'prepared',
    says: 'Ready.',
    clockMs: 1_795_000_000_000,
  },
  ...{ agent: 'zabbix_agentd', version: '6.0.14', hostname: 'web-01', identity: 'web-01', fingerprint: 'a8ae6e6ee929' },
  tlsLibrary: 'GnuTLS 3.8.9',
  ...{ keyFile: '/etc/zabbix/psk.key', keyMode: '0400', passive: true, active: true, running: true, rotation: null },
  ...{ lastSwitch: null, gates: ['shadow-agent'], publicKey },
};

/** A fleet whose node prints this, whatever it is asked. */
function fleetOf(print: (verb: string) => string) {
  const sentValues: Values[] = [];
  const commands: OneByOne = {
    async send(to, verb, values) {
      sentValues.push(values);
      return { target: to, verb, versionId: values.versionId, commandId: 'c' };
    },
    taken: async () => ({ Status: 'InProgress', $metadata: {} }),
    ended: async ({ verb }: Sent) => ({
      ...{ Status: 'Success', ResponseCode: 0, StandardOutputContent: print(verb), $metadata: {} },
    }),
  };
  return { fleet: fleetByRunCommand(commands, patience, clock), sentValues };
}

const prepared = (print: (verb: string) => string) => fleetOf(print).fleet.prepare(target, rotation, deadline());
const line = (over: object) => (verb: string) => JSON.stringify({ ...sound, verb, ...over });

test('a node that does as it should is heard', async () => {
  expect(await prepared(line({}))).toMatchObject({
    hostname: 'web-01',
    fingerprint: 'a8ae6e6ee929',
    gates: ['shadow-agent'],
  });
});

describe('no account that can be read is taken from', () => {
  test.each<[string, (verb: string) => string]>([
    ['silence', () => ''],
    ['text', () => 'Ready.'],
    ['a shell’s complaint', () => '_script.sh: 3: Syntax error: "(" unexpected'],
    ['an account that is not the last line', (verb) => `${line({})(verb)}\nand more`],
    ['an account that was cut off', (verb) => line({})(verb).slice(0, -20)],
    ['another verb', line({ verb: 'forget' })],
    ['another version', line({ versionId: '00000000-0000-0000-0000-000000000000' })],
    ['a list', (verb) => `[${line({})(verb)}]`],
    ['fields that only a prototype has', (verb) => `{"__proto__":${line({})(verb)}}`],
    ['a clock without date', (verb) => line({})(verb).replace('"clockMs":1795000000000', '"clockMs":1e300')],
    ['a clock without end', (verb) => line({})(verb).replace('"clockMs":1795000000000', '"clockMs":1e999')],
    ['a fingerprint that is none', line({ fingerprint: key })],
    ['a public key that is none', line({ publicKey: 'AAAA' })],
    ['a public key that protects nothing', line({ publicKey: publicKeyOf(1024) })],
    [
      'a public key of another kind',
      line({ publicKey: ellipticKey.export({ type: 'spki', format: 'der' }).toString('base64') }),
    ],
    ['brackets without end', () => '['.repeat(24_000)],
  ])('%s', async (_, print) => {
    const error = await thrownBy(() => prepared(print));
    expect(error).toBeInstanceOf(NodeUnreachable);
    expectOurs(error);
  });
});

test('what a node says stands in our sentences without control, without end and without a key', async () => {
  for (const poison of poisons) {
    const error = await thrownBy(() => prepared(line({ outcome: 'refused', says: `${poison} ${key}\n${poison}` })));
    expect(error).toBeInstanceOf(Refusal);
    expectOurs(error);
  }
});

test('so does the library that it says to run with, which a refusal repeats', async () => {
  for (const poison of poisons) {
    const { tlsLibrary } = await prepared(line({ tlsLibrary: `${poison} ${key}\n${poison}` }));
    expectReadable(tlsLibrary);
    expect(tlsLibrary).not.toContain(key);
  }
});

test('a name that only looks like the target’s is never taken for it', async () => {
  for (const hostname of [
    'web-01\u200b',
    'web\u0000-01',
    'web-01\n',
    '\u202eweb-01',
    'web-01 ',
    `web-01${'x'.repeat(700)}`,
  ]) {
    expect((await prepared(line({ hostname }))).hostname).not.toBe('web-01');
  }
});

describe('whatever a node prints, nothing but our own errors comes out, and no key:', () => {
  const fields = [...Object.keys(sound), 'verb', 'gate', 'oldKey', 'to', 'phase'];

  const listenTo = async (print: (verb: string) => string) => {
    const { fleet } = fleetOf(print);
    const armed = { target, verb: 'switch', versionId, commandId: 'c' } as const;
    for (const act of [
      () => fleet.inspect(target, rotation, deadline()),
      () => fleet.prepare(target, rotation, deadline()),
      () => fleet.follow(armed, deadline()),
      () => fleet.forget(target, rotation, rotation.pending, deadline()),
    ]) {
      const error = await thrownBy(async () => {
        const told = await act();
        if ('says' in told) expectReadable(told.says);
        // What the story does with it: a time that is none would end it after the key is in use.
        if ('lastSwitch' in told && told.lastSwitch !== undefined)
          new Date(told.lastSwitch.listening.nodeMs).toISOString();
      });
      if (error !== undefined) expectOurs(error);
    }
  };

  test('any text', async () => {
    await fc.assert(fc.asyncProperty(fc.string(), (text) => listenTo(() => text)));
  });

  test('any JSON', async () => {
    await fc.assert(fc.asyncProperty(anyJson(fields), (value) => listenTo(() => JSON.stringify(value))));
  });

  test('a sound account with one field of any form, also within its own account of the switch', async () => {
    const lastSwitch = {
      gate: 'now',
      waitedMs: 1,
      stoppedAtMs: 1,
      listeningAtMs: 2,
      downMs: 1,
      oldKey: 'not-asked',
      to: 'a8ae6e6ee929',
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields, ...Object.keys(lastSwitch)), anyJson(fields), (field, value) =>
        listenTo((verb) => {
          const outcome = { inspect: 'inspected', prepare: 'prepared', forget: 'forgotten' }[verb] ?? 'switched';
          const over =
            field in lastSwitch ? { lastSwitch: { ...lastSwitch, [field]: value } } : { lastSwitch, [field]: value };
          return JSON.stringify({ ...sound, verb, outcome, ...over });
        }),
      ),
    );
  });
});

describe('whatever the secret holds and the node says of its clock, only values of the documents’ patterns are sent', () => {
  const values = fc.record({
    identity: fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 }), fc.constantFrom(...poisons)),
    keyBytes: fc.constantFrom(16, 32, 256),
    name: fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9._ -]{1,128}$/)),
    config: fc.oneof(fc.constant('auto'), fc.string(), fc.stringMatching(/^\/[A-Za-z0-9/._-]{1,60}$/)),
  });

  test('in every verb', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(values, async ({ identity, keyBytes, name, config }) => {
        let value: SecretValue;
        try {
          value = parsed({ identity, psk: key, keyBytes, targets: [{ ...target, name, config }] });
        } catch {
          return;
        }
        const [one] = onNodes(value.targets);
        if (one === undefined) return;
        accepted += 1;
        const poisoned = { ...rotation, current: value, pending: { ...value, key: PskKey.mint(keyBytes) } };
        const { fleet, sentValues } = fleetOf(line({}));
        const preparation: Preparation = await fleet.prepare(one, poisoned, deadline());
        await fleet.inspect(one, poisoned, deadline());
        await fleet.arm(one, poisoned, preparation, 'now', deadline());
        await thrownBy(() =>
          fleet.arm(
            one,
            { ...poisoned, pending: { ...poisoned.pending, identity: `${identity}x` } },
            preparation,
            'now',
            deadline(),
          ),
        );
        await fleet.armRestore(one, poisoned, 'now', deadline());
        for (const sent of sentValues) {
          for (const [parameter, text] of Object.entries(sent)) {
            const { allowedPattern } = Object.entries(parameters).find(([known]) => known === parameter)?.[1] ?? {};
            expect(text).toMatch(new RegExp(allowedPattern ?? 'no parameter of ours'));
          }
        }
      }),
    );
    expect(accepted).toBeGreaterThan(10);
  });
});
