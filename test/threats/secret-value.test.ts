import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../lambda/errors.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { parseSecretValue, writeSecretValue } from '../../lambda/secrets/secret-value.ts';
import { parseAccess } from '../../lambda/zabbix/access.ts';
import { anyJson, expectOurs, key, poisons, thrownBy } from './poison.ts';

const target = { kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: '/etc/zabbix/zabbix_agentd.conf' };
const good = { identity: 'web-01.k7q2x9', psk: key, targets: [target], identityMode: 'new', keyBytes: 32 };
const parse = (value: unknown) => parseSecretValue(JSON.stringify(value), 'zabbix-psk/web-01');

test.each([
  ['kind', (poison: string) => ({ ...good, targets: [{ ...target, kind: poison }] })],
  ['name', (poison: string) => ({ ...good, targets: [{ ...target, name: poison }] })],
  ['node', (poison: string) => ({ ...good, targets: [{ ...target, node: poison }] })],
  ['config', (poison: string) => ({ ...good, targets: [{ ...target, config: poison }] })],
  ['psk', (poison: string) => ({ ...good, psk: poison })],
  ['identityMode', (poison: string) => ({ ...good, identityMode: poison })],
  ['keyBytes', (poison: string) => ({ ...good, keyBytes: poison })],
  ['targets', (poison: string) => ({ ...good, targets: poison })],
  ['identity', (poison: string) => ({ ...good, identityMode: 'fixed', identity: poison })],
] as const)('a poisoned %s is refused in a sentence that can be read', async (field, poisoned) => {
  for (const poison of poisons) {
    // Letters and underscores: a name like any other to Zabbix, a shell and a configuration file.
    if (poison === '__proto__' && (field === 'name' || field === 'identity')) continue;
    expectOurs(await thrownBy(() => parse(poisoned(poison))));
  }
});

test('an identity in use may be anything that can be seen', () => {
  for (const identity of poisons.filter((poison) => poison.length <= 128)) {
    if (/[\p{C}]/u.test(identity)) expect(() => parse({ ...good, identity })).toThrow(/identity: .* nobody can see/);
    else expect(parse({ ...good, identity }).identity).toBe(identity);
  }
});

test.each([
  ['identity', { ...good, identity: `web-${key.toUpperCase()}` }],
  ['a name', { ...good, targets: [{ ...target, name: key }] }],
  ['a config', { ...good, targets: [{ ...target, config: `/etc/${key}` }] }],
])('a key that stands in %s as well is refused: everybody reads that', (_, value) => {
  expect(() => parse(value)).toThrow(/holds the psk itself/);
  expect(() => parse(value)).toThrow(expect.objectContaining({ message: expect.not.stringContaining(key) }));
});

test('64 kB of problems become a sentence that can be read', () => {
  const value = { ...good, targets: Array.from({ length: 900 }, () => ({ kind: 'x', name: '', node: '' })) };
  expect(() => parse(value)).toThrow(/targets\.0\.kind: .* and \d+ more\)/);
});

describe('whatever the text is, nothing but a refusal comes out, and never the key:', () => {
  const read = (text: string) => {
    try {
      parseSecretValue(text, 'zabbix-psk/web-01');
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal);
      expectOurs(error);
    }
  };

  test('any JSON', () => {
    fc.assert(fc.property(anyJson([...Object.keys(good), 'adopt']), (value) => read(JSON.stringify(value))));
  });

  test('a good value with one field of any form', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), anyJson(Object.keys(target)), (field, value) =>
        read(JSON.stringify({ ...good, [field]: value })),
      ),
    );
  });

  test('a good value that was cut or spoilt anywhere', () => {
    const text = JSON.stringify(good);
    fc.assert(
      fc.property(fc.nat(text.length), fc.constantFrom('', '"', '\\', '\0', '}', '\n'), (at, spoilt) => {
        read(text.slice(0, at) + spoilt);
        read(text.slice(0, at) + spoilt + text.slice(at + 1));
      }),
    );
  });

  test('the next version of a text that is not JSON', () => {
    const next = { identity: 'web-01', key: PskKey.parse('f'.repeat(64)) };
    for (const text of [`{"psk":"${key}"`, `"psk":"${key}"}`, key, '']) {
      expect(() => writeSecretValue(text, next, 'zabbix-psk/web-01')).toThrow(/it is not JSON/);
    }
  });

  test('the access secret', () => {
    fc.assert(
      fc.property(anyJson(['token', 'username', 'password']), fc.boolean(), (value, spoilt) => {
        try {
          parseAccess(JSON.stringify(value) + (spoilt ? '"' : ''));
        } catch (error) {
          expectOurs(error);
        }
      }),
    );
    for (const token of [`${key}\n`, `${key} `, 'a\r\nx-injected: 1', '']) {
      expect(() => parseAccess(JSON.stringify({ token }))).toThrow(/without blanks or line ends/);
    }
  });
});
