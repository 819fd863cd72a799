import { expect, test } from 'vitest';
import { aWorld, type World } from './world.ts';

const openssl111 = 'OpenSSL 1.1.1  11 Sep 2018';

async function expectRefused(world: World, says: RegExp): Promise<void> {
  const before = world.keysInUse();
  await expect(world.rotate()).rejects.toThrow(says);
  expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  expect(world.keysInUse()).toEqual(before);
  expect(world.facts.filter(({ event }) => event === 'zabbix.giving')).toEqual([]);
  expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
}

test('a key that OpenSSL 1.1.1 does not take is refused by name before anything is touched', async () => {
  const world = aWorld({ hosts: ['web-1', 'web-2'], keyBytes: 128 });
  world.host('web-2').tlsLibrary = openssl111;
  await expectRefused(
    world,
    /^zabbix_agentd of host "web-2" runs with OpenSSL 1\.1\.1 {2}11 Sep 2018, which is known to take keys of at most 64 bytes, and the next one has 128; set "keyBytes" in zabbix-psk\/fake to 64 or less$/,
  );
});

test('so is one that the proxy beside the agent does not take', async () => {
  const world = aWorld({ hosts: ['web-1'], proxies: [{ name: 'edge', beside: 'web-1' }], keyBytes: 65 });
  world.host('edge').tlsLibrary = openssl111;
  await expectRefused(world, /^zabbix_proxy of proxy "edge" runs with OpenSSL 1\.1\.1 /);
});

test('and one that not every library takes, where the agent does not tell which one it has', async () => {
  const world = aWorld({ keyBytes: 65 });
  world.host('web-1').tlsLibrary = '';
  await expectRefused(
    world,
    /^zabbix_agentd of host "web-1" does not tell its TLS library, and not every one takes keys of more than 64 bytes/,
  );
});

test.each([
  { tlsLibrary: openssl111, keyBytes: 64 },
  { tlsLibrary: '', keyBytes: 64 },
  { tlsLibrary: 'OpenSSL 1.1.1n  15 Mar 2022', keyBytes: 256 },
  { tlsLibrary: 'GnuTLS 3.8.9', keyBytes: 256 },
])(
  'a key of $keyBytes bytes is put in place where the library "$tlsLibrary" takes it',
  async ({ tlsLibrary, keyBytes }) => {
    const world = aWorld({ keyBytes });
    world.host('web-1').tlsLibrary = tlsLibrary;
    await world.rotate();
    expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  },
);

test('what is in use has shown that it is taken: a rotated key of 256 bytes is rotated again', async () => {
  const world = aWorld({ keyBytes: 256 });
  await world.rotate();
  world.host('web-1').tlsLibrary = '';
  await world.rotate('token-of-the-next-rotation-000000000');
  expect(world.ends()).toMatchObject([{ outcome: 'rotated' }, { outcome: 'rotated' }]);
});

test('an identity that is in use and stays, too', async () => {
  const world = aWorld({ identity: 'w'.repeat(128), identityMode: 'fixed' });
  world.host('web-1').tlsLibrary = openssl111;
  await world.rotate();
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
});

test('a first identity that OpenSSL does not take is refused by name', async () => {
  const world = aWorld({ unencrypted: 'only-psk', identity: 'w'.repeat(128), identityMode: 'fixed' });
  world.host('web-1').tlsLibrary = openssl111;
  await expectRefused(
    world,
    /identities of at most 127 bytes, and "w{128}" has 128; shorten "identity" in zabbix-psk\/fake, or leave out "identityMode": "fixed"$/,
  );
});
