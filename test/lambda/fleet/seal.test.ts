import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seal } from '../../../lambda/fleet/seal.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';

const binding = {
  secretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:zabbix-psk/a-AbCdEf',
  versionId: 'v1',
  node: 'i-0123456789abcdef0',
};

/** Opens it as a node does: with the openssl command line (docs/host-scripts.md, switch). */
function open(sealed: string, privatePem: string, label: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'seal-'));
  try {
    writeFileSync(join(folder, 'key.pem'), privatePem, { mode: 0o600 });
    const oaep = [
      'rsa_padding_mode:oaep',
      'rsa_oaep_md:sha256',
      `rsa_oaep_label:${createHash('sha256').update(label).digest('hex')}`,
    ];
    return execFileSync(
      'openssl',
      ['pkeyutl', '-decrypt', '-inkey', join(folder, 'key.pem'), ...oaep.flatMap((option) => ['-pkeyopt', option])],
      {
        input: Buffer.from(sealed, 'base64'),
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 3072,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

test.each([16, 32, 256])('a key of %i bytes opens on its node, for its rotation', (bytes) => {
  const key = PskKey.mint(bytes);
  const sealed = seal({ identity: 'web', key }, publicKey.toString('base64'), binding);
  const opened = open(sealed, privateKey, `${binding.secretId}|${binding.versionId}|${binding.node}`);
  expect(PskKey.parse(opened.toString('hex')).fingerprint).toBe(key.fingerprint);
});

test('it does not open for another rotation', () => {
  const sealed = seal({ identity: 'web', key: PskKey.mint(32) }, publicKey.toString('base64'), binding);
  expect(() => open(sealed, privateKey, `${binding.secretId}|v2|${binding.node}`)).toThrow();
});
