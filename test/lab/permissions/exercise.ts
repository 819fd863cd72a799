import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { s3Bucket } from '../../../lambda/evidence/s3.ts';
import type { Deployment } from '../deployment.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { ManagedNode } from '../managed-node.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { hasGivenKeyOf, killRotator, movesCurrentOf } from './kill-rotator.ts';
import { errorsOf, namesOf } from './seen.ts';

/** Everything that the permissions are for: forward, back, asked for in the console, repaired, and nodes that are away. */
export async function exercise(stack: Deployment, zabbix: ZabbixLab, idle: SmallHost): Promise<void> {
  const [forward, back, cut, late] = await Promise.all([
    zabbix.host({ name: 'forward', agent: 'zabbix_agentd' }),
    zabbix.host({ name: 'back', agent: 'zabbix_agentd', instanceId: 'mi-0bbbbbbbbbbbbbbbb' }),
    zabbix.host({ name: 'cut', agent: 'zabbix_agentd' }),
    zabbix.host({ name: 'late', agent: 'zabbix_agentd' }),
  ]);
  const away = awayUntilAskedFor(idle, stack, 'i-0aaaaaaaaaaaaaaaa');
  const awayToo = awayUntilAskedFor(idle, stack, 'mi-0dddddddddddddddd');
  const awayReport = awayUntilAskedFor(idle, stack, 'i-0cccccccccccccccc');
  for (const node of [forward, back, cut, late, away, awayToo, awayReport]) stack.cloud.addNode(node);
  await Promise.all([back.inflict('cannotStartWithNewKey'), cut.inflict('cannotStartWithNewKey')]);
  await Promise.all([
    stack.adopt('forward', [forward]),
    stack.adopt('back', [back]),
    stack.adopt('cut', [cut]),
    stack.adopt('late', [late]),
  ]);
  const { identity, psk } = idle.credential;
  const named = ({ instanceId: node }: ManagedNode) =>
    JSON.stringify({ identity, psk, targets: [{ kind: 'host', name: 'idle', node }] });
  await Promise.all([
    stack.put('away', named(away)),
    stack.put('away-too', named(awayToo)),
    stack.put('away-report', named(awayReport)),
    putWaivers(stack),
  ]);
  killRotator(stack, hasGivenKeyOf('cut'));

  const [asked, rolledBack, unreachable, , , looked] = await Promise.all([
    stack.invoke({ rotate: 'zabbix-psk/forward' }).then(async ({ error }) => {
      expect(error).toBeUndefined();
      return stack.cloud.rotationEnded('zabbix-psk/forward');
    }),
    stack.rotate('back'),
    stack.rotate('away'),
    stack.rotate('cut'),
    stack.rotate('late'),
    stack.repair('away-too'),
    stack.cloud.fire('RepairerRegularly'),
  ]);
  expect(asked).toMatchObject({ outcome: 'succeeded', failures: [] });
  expect(rolledBack.failures[0]?.errorMessage).toMatch(/rolled back: back is proven to be on the old key again/);
  expect(unreachable.failures[0]?.errorMessage).toMatch(/Systems Manager says ConnectionLost/);
  expect(looked.error).toBeUndefined();
  expect(stack.facts('cut')).toContainEqual(
    expect.objectContaining({ event: 'rotation.ended', outcome: 'rolled-back' }),
  );
  await Promise.all([recordTwiceMore(stack), reportTwice(stack)]);
}

/** A second report behind the first, which it reads: one by the schedule, one asked for. */
async function reportTwice(stack: Deployment): Promise<void> {
  await stack.cloud.fire('ReporterRegularly');
  expect(errorsOf(stack, stack.reporter)).toEqual([undefined]);
  expect((await stack.report()).error).toBeUndefined();
  const names = namesOf(stack).map((name) => name.split('/').at(-1));
  for (const file of ['manifest.json', 'manifest.sig', 'signing-key.pem'])
    expect(names.filter((name) => name === file)).toHaveLength(2);
}

/** As somebody of the account who decides what to live with. */
async function putWaivers({ cloud }: Deployment): Promise<void> {
  const [bucket = ''] = cloud.world.buckets.keys();
  const clock = { now: () => ({ ms: Date.now() }), sleep: (ms: number) => setTimeout(ms) };
  const options = { bucket, endpoint: cloud.endpoint, signing: cloud.operator.client, clock };
  expect(await s3Bucket(options).putNew('waivers/2026-01-01.json', '{"waivers": []}')).toBe(true);
}

/** A second record behind the first, by the repair function, and a third by the rotation function: each reads the one before. */
async function recordTwiceMore(stack: Deployment): Promise<void> {
  killRotator(stack, movesCurrentOf('late'));
  expect(await stack.rotate('late')).toMatchObject({ outcome: 'failed' });
  expect(await stack.rotate('late')).toMatchObject({ outcome: 'succeeded' });
}

/** The host by another id: takes up no command until Systems Manager was asked why. So one command is given up, and not every one. */
function awayUntilAskedFor(host: SmallHost, { cloud }: Deployment, instanceId: string): ManagedNode {
  return {
    instanceId,
    computerName: host.computerName,
    tags: host.tags,
    get online() {
      return cloud.requests.some(
        ({ action, requestBody }) => action === 'ssm:DescribeInstanceInformation' && requestBody.includes(instanceId),
      );
    },
    start: (script, command) => host.start(script, command),
  };
}
