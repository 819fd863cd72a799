import { describe, expect, test } from 'vitest';
import type { Door } from '../../../lambda/contract.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import { parseSecretValue, writeSecretValue } from '../../../lambda/secrets/secret-value.ts';

const psk = '0123456789abcdef'.repeat(4);
const good = { identity: 'web-01', psk, targets: [{ kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0' }] };
const parse = (value: unknown) =>
  parseSecretValue(typeof value === 'string' ? value : JSON.stringify(value), 'zabbix-psk/web-01');

test('the smallest secret has an identity, a key and a target; the rest has defaults', () => {
  expect(parse(good)).toMatchObject({
    identity: 'web-01',
    identityMode: 'new',
    keyBytes: 32,
    targets: [{ kind: 'host', name: 'web-01', node: 'i-0123456789abcdef0', config: 'auto' }],
  });
});

test('a proxy and the agent beside it are two targets on one node, of one name if need be', () => {
  const [host] = good.targets;
  const value = parse({ ...good, targets: [{ ...host, kind: 'proxy' }, host] });
  expect(value.targets.map(({ kind, name, node }) => [kind, name, node])).toEqual([
    ['proxy', 'web-01', 'i-0123456789abcdef0'],
    ['host', 'web-01', 'i-0123456789abcdef0'],
  ]);
});

test('autoregistration has neither name nor node', () => {
  const value = parse({ identity: 'autoreg', psk, targets: [{ kind: 'autoregistration' }] });
  expect(value.targets).toEqual([{ kind: 'autoregistration', name: 'autoregistration' }]);
});

test('the identity that a target leaves to others stays in the secret, where it says nothing once it has been left', () => {
  const text = JSON.stringify({ ...good, leaves: 'web-01' });
  expect(parse(text).leaves).toBe('web-01');
  const next = writeSecretValue(
    text,
    { identity: 'web-01.bcdfgh', key: PskKey.parse('f'.repeat(64)) },
    'zabbix-psk/web-01',
  );
  expect(parse(next)).toMatchObject({ identity: 'web-01.bcdfgh', leaves: 'web-01' });
});

test('what the owner wrote beside the key travels on', () => {
  const text = JSON.stringify({ ...good, owner: 'team-a', targets: [{ ...good.targets[0], note: 'rack 4' }] });
  const next = JSON.parse(
    writeSecretValue(text, { identity: 'web-01.bcdfgh', key: PskKey.parse('f'.repeat(64)) }, 'zabbix-psk/web-01'),
  );
  expect(next).toEqual({ ...JSON.parse(text), identity: 'web-01.bcdfgh', psk: 'f'.repeat(64) });
});

describe('bad input gets one sentence that names the secret and the thing, and never the key', () => {
  test.each([
    ['malformed JSON', `{"identity": "web-01", "psk": "${psk}"`, /zabbix-psk\/web-01 does not hold .*it is not JSON/],
    ['no targets', { ...good, targets: [] }, /targets: must list at least one target/],
    ['targets missing', { identity: 'a', psk }, /targets: /],
    [
      'an unknown kind',
      { ...good, targets: [{ ...good.targets[0], kind: 'printer' }] },
      /targets.0.kind: must be "host", "proxy" or "autoregistration"/,
    ],
    [
      'two agents on one node',
      { ...good, targets: [good.targets[0], { ...good.targets[0], name: 'web-02' }] },
      /targets: host on i-0123456789abcdef0 stands there more than once/,
    ],
    [
      'one name on two nodes',
      { ...good, targets: [good.targets[0], { kind: 'proxy', name: 'web-01', node: 'mi-0123456789abcdef0' }] },
      /targets: web-01 stands there more than once/,
    ],
    [
      'a fixed identity that a host and a proxy share',
      { ...good, identityMode: 'fixed', targets: [good.targets[0], { ...good.targets[0], kind: 'proxy' }] },
      /identityMode: must be "new" where a host and a proxy share the key; Zabbix takes them in two calls/,
    ],
    [
      'autoregistration beside others',
      { ...good, targets: [...good.targets, { kind: 'autoregistration' }] },
      /targets: autoregistration must stand alone; give the others secrets of their own/,
    ],
    [
      'autoregistration twice',
      { ...good, targets: [{ kind: 'autoregistration' }, { kind: 'autoregistration' }] },
      /targets: autoregistration must stand alone/,
    ],
    [
      'autoregistration with a name and a node',
      { ...good, targets: [{ ...good.targets[0], kind: 'autoregistration' }] },
      /targets.0.name: must not stand there: a Zabbix has one autoregistration.*targets.0.node: must not stand there/,
    ],
    [
      'autoregistration with a fixed identity',
      { ...good, identityMode: 'fixed', targets: [{ kind: 'autoregistration' }] },
      /identityMode must be "new" for autoregistration/,
    ],
    [
      'autoregistration that leaves an identity',
      { ...good, leaves: 'web-01', targets: [{ kind: 'autoregistration' }] },
      /leaves must not stand there/,
    ],
    [
      'an identity that is left and kept',
      { ...good, leaves: 'web-01', identityMode: 'fixed' },
      /identityMode: must be "new" where an identity is left to others/,
    ],
    ['a key in leaves', { ...good, leaves: psk }, /leaves .* holds the psk itself/],
    [
      'a node that is none',
      { ...good, targets: [{ ...good.targets[0], node: 'web-01' }] },
      /targets.0.node: must be a node id/,
    ],
    ['a key with a blank', { ...good, psk: `${psk} ` }, /psk: the key holds a blank or a newline/],
    ['a key with a newline', { ...good, psk: `${psk}\n` }, /psk: the key holds a blank or a newline/],
    ['a short key', { ...good, psk: psk.slice(0, 30) }, /psk: the key has 30 hex digits/],
    ['too many bytes for the next key', { ...good, keyBytes: 257 }, /keyBytes: /],
    [
      'an identity that cannot be kept',
      { ...good, identity: 'büro', identityMode: 'fixed' },
      /identity: "büro" cannot be kept/,
    ],
    [
      'the placeholder of the deployment',
      { adopt: 'put identity, psk and targets here', placeholder: 'xyz' },
      /still holds the placeholder/,
    ],
    [
      'a poisoned path',
      { ...good, targets: [{ ...good.targets[0], config: '/etc/x; rm -rf /' }] },
      /targets.0.config: must be an absolute path/,
    ],
  ])('%s', (_, value, message) => {
    expect(() => parse(value)).toThrow(message);
    expect(() => parse(value)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(psk.slice(0, 30)) }),
    );
  });
});

describe('a secret whose targets are unencrypted yet', () => {
  const unencrypted = { unencrypted: true, targets: good.targets };
  const parsed = (value: object, takes?: Door) => parseSecretValue(JSON.stringify(value), 'zabbix-psk/web-01', takes);

  test('has targets and no key; what it is to take is what the inventory asks for', () => {
    expect(parsed(unencrypted, 'only-psk')).toEqual({
      targets: [{ ...good.targets[0], config: 'auto' }],
      takes: 'only-psk',
      firstIdentity: 'web-01',
      identityMode: 'new',
      keyBytes: 32,
    });
    expect(parsed(unencrypted)).toMatchObject({ takes: undefined });
    expect(parsed({ ...unencrypted, identity: 'site-a.web' })).toMatchObject({ firstIdentity: 'site-a.web' });
  });

  test('has a key in the next version, which says that it is the first; the one after that does not', () => {
    const credential = { identity: 'web-01.bcdfgh', key: PskKey.parse('f'.repeat(64)) };
    const next = (text: string, takes?: Door) => writeSecretValue(text, { ...credential, takes }, 'zabbix-psk/web-01');
    const first = next(JSON.stringify({ ...unencrypted, note: 'ours' }), 'only-psk');
    expect(JSON.parse(first)).toEqual({
      targets: good.targets,
      note: 'ours',
      firstEncryption: 'only-psk',
      identity: 'web-01.bcdfgh',
      psk: 'f'.repeat(64),
    });
    expect(parse(first)).toMatchObject({ identity: 'web-01.bcdfgh', takes: 'only-psk' });
    expect(JSON.parse(next(first))).not.toHaveProperty('firstEncryption');
  });

  test.each([
    ['with a key beside it', { ...unencrypted, psk }, /psk: must not stand beside "unencrypted"/],
    [
      'that says anything else',
      { ...unencrypted, unencrypted: 'yes' },
      /unencrypted: must be true, or not stand there/,
    ],
    ['that says no', { ...good, unencrypted: false }, /unencrypted: must be true, or not stand there/],
    [
      'of autoregistration',
      { unencrypted: true, targets: [{ kind: 'autoregistration' }] },
      /targets: autoregistration has no first encryption/,
    ],
    [
      'of a proxy and the agent beside it',
      { unencrypted: true, targets: [{ ...good.targets[0], kind: 'proxy' }, good.targets[0]] },
      /i-0123456789abcdef0 stands there more than once; each program gets a key file of its own/,
    ],
    [
      'with a fixed identity that nobody has given',
      { ...unencrypted, identityMode: 'fixed' },
      /identity: must stand there where it is to stay fixed/,
    ],
    ['without targets', { unencrypted: true, targets: [] }, /targets: must list at least one target/],
  ])('is malformed %s', (_, value, message) => {
    expect(() => parsed(value)).toThrow(message);
    expect(() => parsed(value)).toThrow(expect.objectContaining({ code: 'SECRET_MALFORMED' }));
  });
});

describe('a secret whose targets use certificates', () => {
  const certified = { certificate: true, targets: good.targets };
  const parsed = (value: object, takes?: Door) => parseSecretValue(JSON.stringify(value), 'zabbix-psk/web-01', takes);

  test("says whose, or that anybody's will do", () => {
    expect(parsed(certified, 'only-psk')).toEqual({
      targets: [{ ...good.targets[0], config: 'auto' }],
      takes: 'only-psk',
      certificate: { issuer: '', subject: '' },
      firstIdentity: 'web-01',
      identityMode: 'new',
      keyBytes: 32,
    });
    const named = { issuer: 'CN=Peers,O=Example', subject: 'CN=web-01,O=Example' };
    expect(parsed({ ...certified, certificate: named })).toMatchObject({ certificate: named });
    expect(parsed({ ...certified, certificate: { issuer: 'CN=Peers' } })).toMatchObject({
      certificate: { issuer: 'CN=Peers', subject: '' },
    });
  });

  test('has a key in the next version, which says what it took the place of; the one after that does not', () => {
    const credential = { identity: 'web-01.bcdfgh', key: PskKey.parse('f'.repeat(64)) };
    const first = writeSecretValue(
      JSON.stringify(certified),
      { ...credential, takes: 'only-psk', before: 'certificate' },
      'zabbix-psk/web-01',
    );
    expect(JSON.parse(first)).toEqual({
      targets: good.targets,
      firstEncryption: 'only-psk',
      before: 'certificate',
      identity: 'web-01.bcdfgh',
      psk: 'f'.repeat(64),
    });
    expect(parse(first)).toMatchObject({ takes: 'only-psk', before: 'certificate' });
    const second = JSON.parse(writeSecretValue(first, credential, 'zabbix-psk/web-01'));
    expect(second).not.toHaveProperty('before');
    expect(second).not.toHaveProperty('firstEncryption');
  });

  test.each([
    ['with a key beside it', { ...certified, psk }, /psk: must not stand beside "unencrypted" or "certificate"/],
    ['that says no', { ...certified, certificate: false }, /certificate: must be true, or \{"issuer"/],
    ['that says more', { ...certified, certificate: { serial: '1' } }, /certificate: must be true, or \{"issuer"/],
    ['that says that it is unencrypted too', { ...certified, unencrypted: true }, /it is the one or the other/],
  ])('is malformed %s', (_, value, message) => {
    expect(() => parsed(value)).toThrow(message);
    expect(() => parsed(value)).toThrow(expect.objectContaining({ code: 'SECRET_MALFORMED' }));
  });
});
