import { expect, test } from 'vitest';
import { goingBackLabel } from '../../lambda/contract.ts';
import { hashOf } from '../../lambda/evidence/canonical.ts';
import { type EvidenceRecord, recordShape } from '../../lambda/evidence/record.ts';
import { runStep } from '../../lambda/rotation/rotation.ts';
import { driveRotation } from '../fakes/drive-rotation.ts';
import type { Conduct } from '../fakes/invocation.ts';
import { invoke } from '../fakes/lambda.ts';
import { aWorld, token, type World } from './world.ts';

/** The chain of the world's one secret; whatever lies in the bucket must be a record by its schema. */
function chainOf({ account }: World): EvidenceRecord[] {
  const bodies = [...account.bucket.objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, body]) => body);
  const records = bodies.map((body) => recordShape.parse(JSON.parse(body)));
  expect(records.map(({ sequence }) => sequence)).toEqual(bodies.map((_, index) => index + 1));
  expect(records.map(({ previous }) => previous)).toEqual([null, ...bodies.slice(0, -1).map(hashOf)]);
  return records;
}

const tokenOf = (nth: number) => `${nth}-of-this-story-00000000000000000000`;

test('a rotation leaves a record with both keys, when each was in use, and how the new one was proven', async () => {
  const world = aWorld({ hosts: ['web-1', 'web-2'] });
  await world.rotate();

  const [record] = chainOf(world);
  const inUse = record?.targets.map(({ switchedAt }) => switchedAt).sort() ?? [];
  expect(record).toMatchObject({
    outcome: 'rotated',
    because: null,
    versionId: token,
    trigger: 'secrets-manager',
    secret: { name: 'zabbix-psk/fake' },
    document: { name: 'switch' },
    old: { identity: 'web', keyBytes: 32, activatedAt: null, deactivatedAt: inUse[1] },
    new: { keyBytes: 32, activatedAt: inUse[0], deactivatedAt: null },
  });
  expect(record?.new?.fingerprint).not.toBe(record?.old?.fingerprint);
  expect(record?.targets).toMatchObject(
    ['web-1', 'web-2'].map((name) => ({
      kind: 'host',
      name,
      uses: 'new',
      gate: 'shadow-agent',
      agentDownMs: 150,
      proof: { verdict: 'proven', node: 'new', zabbix: 'new', contact: { item: 'agent.ping' }, oldKey: 'refused' },
    })),
  );
});

test('the next record goes on where the last one ended: the same fingerprint, and since when', async () => {
  const world = aWorld();
  for (const nth of [1, 2, 3]) await world.rotate(tokenOf(nth));

  const [first, second, third] = chainOf(world);
  expect(second?.old).toMatchObject({
    fingerprint: first?.new?.fingerprint,
    activatedAt: first?.new?.activatedAt,
    deactivatedAt: second?.new?.activatedAt,
  });
  expect(third?.old?.fingerprint).toBe(second?.new?.fingerprint);
});

test('a rotation that follows others on the same day reads the record of the last one alone', async () => {
  const world = aWorld();
  for (const nth of [1, 2, 3]) await world.rotate(tokenOf(nth));

  const calls: string[] = [];
  const counted: Conduct = {
    fate(call) {
      calls.push(call);
      return 'answered';
    },
  };
  world.secrets.begin(tokenOf(4));
  await driveRotation(world.account, world.secrets, tokenOf(4), { times: 0, afterMs: 60_000 }, counted);
  expect(chainOf(world)).toHaveLength(4);
  expect(calls.filter((call) => call === 's3:GetObject')).toHaveLength(1);
});

test('a roll back leaves a record of the key that never came into use', async () => {
  const world = aWorld();
  const host = world.host('web-1');
  host.startsWith = (credential) =>
    credential.key.fingerprint === world.value.key.fingerprint ? credential : undefined;
  await expect(world.rotate()).rejects.toThrow('rolled back');

  const [record] = chainOf(world);
  expect(record).toMatchObject({
    outcome: 'rolled-back',
    because: expect.stringContaining('web-1'),
    document: { name: 'restore' },
    old: { deactivatedAt: null },
    new: { activatedAt: null, deactivatedAt: record?.endedAt },
    targets: [{ uses: 'old', proof: { verdict: 'proven', node: 'old', zabbix: 'old' } }],
  });
});

test('a refusal leaves a record of what was refused and why', async () => {
  const world = aWorld();
  world.host('web-1').enabled = false;
  await expect(world.rotate()).rejects.toThrow('is disabled');

  expect(chainOf(world)).toMatchObject([
    { outcome: 'refused', because: expect.stringContaining('is disabled'), document: null, old: null, targets: [] },
  ]);
});

test('no record tells a key, nor a fingerprint that anybody could test a guess against', async () => {
  const world = aWorld();
  for (const nth of [1, 2]) await world.rotate(tokenOf(nth));

  const text = [...world.account.bucket.objects.values()].join('\n');
  for (const key of world.account.secretsManager.keys.values()) {
    expect(text).not.toContain(key.reveal());
    expect(text).not.toContain(key.fingerprint);
    expect(text).not.toContain(hashOf(key.reveal()).slice(0, 8));
  }
});

test('a record that S3 does not take is kept by the next try of the same step, and the key stays in use', async () => {
  const world = aWorld();
  world.account.bucket.refuses = 'S3 says AccessDenied';
  await expect(world.rotate()).rejects.toThrow(
    /has ended as rotated, but its record could not be kept \(S3 says AccessDenied\)/,
  );
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
  expect(world.facts).toContainEqual(expect.objectContaining({ event: 'record.notKept' }));

  world.account.bucket.refuses = undefined;
  await world.step('finishSecret');
  expect(chainOf(world)).toMatchObject([{ outcome: 'rotated', versionId: token }]);
});

test('a roll back whose record S3 does not take stays marked, and the repair records it', async () => {
  const world = aWorld();
  const host = world.host('web-1');
  host.startsWith = (credential) =>
    credential.key.fingerprint === world.value.key.fingerprint ? credential : undefined;
  world.account.bucket.refuses = 'S3 says SlowDown';
  await expect(world.rotate()).rejects.toThrow('has ended as rolled-back, but its record could not be kept');
  expect(world.secrets.labelled(goingBackLabel)).toBe(token);

  world.account.bucket.refuses = undefined;
  await world.repair();
  expect(chainOf(world)).toMatchObject([{ outcome: 'rolled-back', versionId: token }]);
  expect(world.secrets.unfinished).toBeUndefined();
});

test('a way back on which Zabbix takes every question and answers none leaves its record in the same call', async () => {
  const world = aWorld();
  world.secrets.begin(token);
  for (const step of ['createSecret', 'setSecret'] as const) await world.step(step);
  await world.secrets.markGoingBack('', token);
  world.monitor.silent = true;
  const testSecret = { step: 'testSecret', secretId: world.secrets.secretId, token } as const;
  await invoke(world.account, (ports, deadline) => runStep(testSecret, ports, deadline));
  expect(chainOf(world)).toMatchObject([{ outcome: 'stranded' }]);
});

test('a refusal is what a human reads, also when its record waits for the repair', async () => {
  const world = aWorld();
  world.host('web-1').behindProxy = 'slow';
  world.account.bucket.refuses = 'S3 says SlowDown';
  await expect(world.rotate()).rejects.toThrow('monitored by a proxy');
  expect(world.secrets.unfinished).toBe(token);

  world.account.bucket.refuses = undefined;
  await world.repair();
  expect(chainOf(world)).toMatchObject([{ versionId: token }]);
  expect(world.secrets.unfinished).toBeUndefined();
});
