import {
  CancelRotateSecretCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { z } from 'zod';
import { waiversPrefix } from '../../../lambda/contract.ts';
import { recordKey } from '../../../lambda/evidence/record-key.ts';
import { s3Bucket } from '../../../lambda/evidence/s3.ts';
import { hostileNames } from '../../lambda/reports/hostile.ts';
import type { LateClock } from '../aws/clock.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { encryption, registerHost } from '../zabbix/monitored-host.ts';
import { aim, moments } from './faults-aimed.ts';
import { labelled } from './held.ts';

/** Hosts with an agent and a secret of their name. */
const adopted = [
  ...['sound', 'stranded', 'unfinished', 'in-zabbix', 'open-file', 'with-bom', 'short-key', 'offline', 'shared'],
] as const;
/** Secrets that are made by hand of the hosts above, and one that nobody has adopted. */
const others = ['open-file-too', 'misspelt', 'nobody'] as const;
export const secretsOfTrouble: readonly string[] = [...adopted, ...others];

const byHand = { identity: 'by-hand', psk: 'c'.repeat(64) };
/** Who sees this host gets no answer: it is in Zabbix only. */
const nowhere = '127.0.0.9';

export const waivers = [
  aWaiver('api-reader', 'user', 'Admin', '2099-12-31'),
  aWaiver('unencrypted', 'host', 'in-clear', '2020-12-31'),
  aWaiver('short-key', 'host', 'long gone', '2099-12-31'),
];

/**
 * One site with everything that a report can find, each made as it comes to be: by hand in Zabbix, on a node, in a secret or in the
 * bucket, or by a rotation that goes wrong.
 *
 * @param clock of a lab that was deployed two days late; put right on the way, so that a rotation planned before is overdue
 */
export async function troubledSite(lab: Lab, clock: LateClock): Promise<void> {
  const hosts = new Map<string, SmallHost>();
  const host = (name: (typeof adopted)[number]) =>
    z.custom<SmallHost>((found) => found !== undefined).parse(hosts.get(name));
  const watched = new Set<string>(['sound', 'stranded']);
  await Promise.all(
    adopted.map(async (name) => {
      const psk = name === 'short-key' ? { psk: 'd'.repeat(32) } : {};
      hosts.set(name, await lab.host({ name, agent: 'zabbix_agentd', awaitValues: watched.has(name), ...psk }));
    }),
  );
  for (const name of adopted) await lab.adopt(name, [host(name)]);
  await lab.adopt('open-file-too', [host('open-file')]);

  const operator = new SecretsManagerClient(lab.cloud.operator.client);
  await everyFourHours(lab, operator, 'short-key');
  clock.putRight();

  await onNodes(host);
  await inZabbix(lab, host);
  await inSecrets(lab, operator, host);
  await byRotations(lab, operator, host);
  await inBucket(lab);
  operator.destroy();
}

/** Planned before the clock was put right, so the time for it is over. */
async function everyFourHours({ cloud }: Lab, operator: SecretsManagerClient, secret: string): Promise<void> {
  const RotationRules = { ScheduleExpression: 'rate(4 hours)' };
  await operator.send(
    new RotateSecretCommand({ SecretId: `zabbix-psk/${secret}`, RotationRules, RotateImmediately: false }),
  );
  await cloud.settled();
}

type Named = (name: (typeof adopted)[number]) => SmallHost;

async function onNodes(host: Named): Promise<void> {
  await host('open-file').machine.must(['chmod', '0644', host('open-file').keyFile]);
  const bom = host('with-bom');
  bom.machine.write(bom.keyFile, `\uFEFF${bom.credential.psk}\n`);
  await bom.machine.must(['chmod', '0400', bom.keyFile]);
  host('offline').online = false;
}

async function inZabbix({ zabbix }: Lab, host: Named): Promise<void> {
  const { api, hostGroupId: groupId } = zabbix;
  const update = (hostid: string, fields: object) => api.call('host.update', { hostid, ...fields }, z.unknown());
  await update(host('in-zabbix').monitored.hostId, encryption(byHand));
  const about = { ip: nowhere, groupId, checks: 'passive', passiveEveryS: 3_600, activeEveryS: 3_600 } as const;
  await registerHost(api, { ...about, name: 'in-clear', credential: null });
  await registerHost(api, { ...about, name: 'by-nobody', credential: { identity: 'x', psk: 'e'.repeat(64) } });
  await registerHost(api, { ...about, name: 'sharer', credential: host('shared').credential });
  const half = { identity: 'half', psk: 'f'.repeat(64) };
  const { hostId } = await registerHost(api, { ...about, name: 'half-open', credential: half });
  await update(hostId, { tls_accept: 3 });
  for (const [index, name] of hostileNames.entries())
    await api.create('host.create', { host: `named-${index}`, name, groups: [{ groupid: groupId }] });
}

/** What somebody writes who mistypes a name, and what a rotation leaves whose function died. */
async function inSecrets(lab: Lab, operator: SecretsManagerClient, host: Named): Promise<void> {
  const { credential, instanceId } = host('shared');
  const targets = [{ kind: 'host', name: 'Shared', node: instanceId }];
  await lab.put('misspelt', JSON.stringify({ ...credential, targets }));
  await operator.send(new CancelRotateSecretCommand({ SecretId: 'zabbix-psk/misspelt' }));
  const left = { ...byHand, targets: [host('unfinished').target] };
  const SecretString = JSON.stringify(left);
  const SecretId = 'zabbix-psk/unfinished';
  await operator.send(new PutSecretValueCommand({ SecretId, SecretString, VersionStages: ['AWSPENDING'] }));
}

async function byRotations(lab: Lab, operator: SecretsManagerClient, host: Named): Promise<void> {
  const refusedTwice = async () => {
    // So that there is a record that can be taken away and one that shows it.
    for (let time = 0; time < 2; time += 1) expect(await lab.rotate('with-bom')).toMatchObject({ outcome: 'failed' });
  };
  const rotated = async () => expect(await lab.rotate('sound')).toMatchObject({ outcome: 'succeeded' });
  await Promise.all([refusedTwice(), rotated()]);
  await leaveStranded(lab, operator, host('stranded'));
}

/** The API's token is revoked in mid-rotation, so the rotation stays open, and then somebody takes its label away. */
async function leaveStranded(lab: Lab, operator: SecretsManagerClient, host: SmallHost): Promise<void> {
  aim(
    lab,
    host,
    moments.agentHasSwitched(() => revokeTokens(lab)),
  );
  expect(await lab.rotate('stranded')).toMatchObject({ outcome: 'failed' });
  const open = labelled(lab, 'stranded', 'AWSPENDING');
  const label = { VersionStage: 'AWSPENDING', RemoveFromVersionId: open?.versionId };
  await operator.send(new UpdateSecretVersionStageCommand({ SecretId: 'zabbix-psk/stranded', ...label }));
  expect((await lab.repair('stranded')).error).toBeUndefined();
}

async function revokeTokens({ zabbix: { api, access } }: Lab): Promise<void> {
  const users = z.tuple([z.object({ userid: z.string() })]);
  const [{ userid }] = await api.call('user.get', { filter: { username: access.username } }, users);
  const tokens = z.array(z.object({ tokenid: z.string() }));
  const found = await api.call('token.get', { userids: [userid], output: ['tokenid'] }, tokens);
  const ids = found.map(({ tokenid }) => tokenid);
  if (ids.length > 0) await api.call('token.delete', ids, z.unknown());
}

async function inBucket({ cloud }: Lab): Promise<void> {
  const [bucket] = cloud.world.buckets.values();
  if (bucket === undefined) throw new TypeError('the stack has no bucket');
  // No call can: it is as if somebody had who may lift the lock.
  if (!bucket.objects.delete(recordKey('zabbix-psk/with-bom', 1))) throw new TypeError('there was no first record');
  const { region, credentials, endpoint } = cloud.operator.client;
  const shelf = s3Bucket({
    ...{ bucket: bucket.name, endpoint, signing: { region, credentials: async () => credentials } },
    clock: {
      now: () => ({ ms: Date.now() }),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    },
  });
  await shelf.putNew(`${waiversPrefix}2026-11-01.json`, JSON.stringify({ waivers }));
}

function aWaiver(rule: string, kind: string, name: string, expires: string) {
  return { rule, kind, name, owner: 'ops@example.com', reason: 'is switched off soon', expires };
}
