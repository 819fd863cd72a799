import { createHash, createHmac } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonical } from '../../../lambda/evidence/canonical.ts';
import { awsCommandLine } from '../aws-command-line.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { type Lab, startLab } from '../lab.ts';
import { labelled } from '../suite/held.ts';
import { expectWhole, keptOf } from '../suite/records.ts';

describe.each(['6.0', '7.0'] as const)('rotated, rolled back, rotated again on Zabbix %s', (version) => {
  let lab: Lab;
  let host: SmallHost;
  /** The key in use before each rotation, and after the last. */
  const used: string[] = [];
  const current = () => labelled(lab, 'web-01', 'AWSCURRENT')?.psk ?? '';

  beforeAll(async () => {
    lab = await startLab({
      version,
      server: { cacheUpdateFrequencyS: 5 },
      timeouts: { serverWaitS: 60, agentStartS: 5, proveTimeoutS: 120 },
      habits: { rotationRetries: 0 },
      secrets: ['web-01'],
    });
    host = await lab.host({ name: 'web-01', agent: 'zabbix_agentd' });
    await lab.adopt('web-01', [host]);
    for (const ends of ['succeeded', 'failed', 'succeeded'] as const) {
      used.push(current());
      if (ends === 'failed') await host.inflict('cannotStartWithNewKey');
      expect(await lab.rotate('web-01')).toMatchObject({ outcome: ends });
      host.heal();
    }
    used.push(current());
    await lab.cloud.settled();
  });
  afterAll(() => lab?.stop());

  test('the chain is whole, canonical, and locked', () => {
    const chain = keptOf(lab, 'web-01');
    expectWhole(chain);
    expect(chain.map(({ record }) => record.outcome)).toEqual(['rotated', 'rolled-back', 'rotated']);
    for (const { bytes, record } of chain) expect(canonical(record)).toBe(bytes);
    const versions = [...lab.cloud.world.buckets.values()].flatMap(({ objects }) => [...objects.values()].flat());
    expect(versions).toHaveLength(3);
    expect(versions.map(({ lock }) => lock?.mode)).toEqual(['GOVERNANCE', 'GOVERNANCE', 'GOVERNANCE']);
    expect(lab.cloud.denials).toEqual([]);
    expect(lab.cloud.unsupported).toEqual([]);
    expect(lab.cloud.breakdowns).toEqual([]);
  });

  test('each record tells what happened, by which code and document, and how it was proven', async () => {
    const [first, second, third] = keptOf(lab, 'web-01').map(({ record }) => record);
    const document = [...lab.cloud.world.documents.values()].find(({ logicalId }) =>
      logicalId.startsWith('Documentsswitch'),
    );
    expect(first).toMatchObject({
      endedBy: { task: 'rotate', function: lab.rotator, codeSha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      document: { name: document?.name, version: '1', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      old: { identity: 'web-01', keyBytes: 32, activatedAt: null },
      targets: [
        {
          name: 'web-01',
          node: host.instanceId,
          uses: 'new',
          gate: 'shadow-agent',
          proof: { verdict: 'proven', node: 'new', zabbix: 'new', oldKey: 'refused' },
        },
      ],
    });
    expect(second).toMatchObject({
      because: expect.stringContaining('web-01'),
      old: { activatedAt: first?.new?.activatedAt, deactivatedAt: null },
      new: { activatedAt: null },
      targets: [{ uses: 'old', proof: { verdict: 'proven', node: 'old', zabbix: 'old' } }],
    });
    expect(third?.old).toMatchObject({ identity: first?.new?.identity, activatedAt: first?.new?.activatedAt });
    expect(Date.parse(third?.new?.activatedAt ?? '')).toBeGreaterThan(Date.parse(first?.new?.activatedAt ?? ''));
  });

  test('who has the HMAC key can tell by it which key was in use, and nobody else', async () => {
    const [first, second, third] = keptOf(lab, 'web-01').map(({ record }) => record);
    const hmac = createHmac('sha256', await hmacKey())
      .update(used[1] ?? '')
      .digest('hex')
      .slice(0, 20);
    expect([first?.new?.fingerprint, second?.old?.fingerprint, third?.old?.fingerprint]).toEqual([hmac, hmac, hmac]);
    expect(third?.new?.fingerprint).not.toBe(hmac);

    const text = keptOf(lab, 'web-01')
      .map(({ bytes }) => bytes)
      .join('\n');
    const versions = [...lab.cloud.world.secrets.values()].flatMap((secret) => [...secret.versions.values()]);
    const keys = versions.flatMap(({ value }) => /"psk":"([0-9a-f]{32,512})"/.exec(value?.string ?? '')?.[1] ?? []);
    expect(keys).toEqual(expect.arrayContaining(used));
    for (const psk of keys) {
      expect(text).not.toContain(psk);
      expect(text).not.toContain(createHash('sha256').update(psk).digest('hex').slice(0, 8));
    }
    expect(text).not.toContain(await hmacKey());
  });

  test("Debian's aws reads them", async () => {
    const aws = await awsCommandLine(lab.cloud.operator);
    const bucket = lab.cloud.stack.outputs.EvidenceBucket ?? '';
    const listed = JSON.parse(await aws(['s3api', 'list-objects-v2', '--bucket', bucket, '--prefix', 'records/']));
    const keys = listed.Contents.map(({ Key }: { Key: string }) => Key);
    expect(keys).toEqual([1, 2, 3].map((nth) => `records/zabbix-psk/web-01/0000000${nth}.json`));
    for (const { key, bytes } of keptOf(lab, 'web-01')) {
      const got = await aws(['s3api', 'get-object', '--bucket', bucket, '--key', key, '/dev/stdout']);
      expect(got).toContain(bytes);
      expect(got).toContain('"ObjectLockMode": "GOVERNANCE"');
    }
  });

  async function hmacKey(): Promise<string> {
    const secret = [...lab.cloud.world.secrets.values()].find(({ description }) => description?.startsWith('HMAC key'));
    const client = new SecretsManagerClient(lab.cloud.operator.client);
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: secret?.arn }));
    return SecretString;
  }
});
