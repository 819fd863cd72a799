import { z } from 'zod';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { endOf } from '../suite/held.ts';
import { CpuAt } from './cpu-at.ts';
import { noticedLateMs } from './noticed-late.ts';
import { type OutsideCall, type Period, sharesOf } from './own-time.ts';
import type { ServiceAccount } from './results.ts';
import { rotateAtFirstTry } from './rotate-at-first-try.ts';
import type { Change } from './rotate-by-script.ts';
import { sum } from './spread.ts';

/** A rotation by the deployed stack: what it changed and when, and what it took. */
export interface ServiceRotation extends Change {
  readonly account: ServiceAccount;
}

/**
 * One real rotation. Its function starts cold, as that of a monthly rotation does. No other rotation may run meanwhile: every call
 * that the function makes is counted as this one's.
 *
 * @throws {Error} unless it succeeds at its first attempt
 */
export async function rotateByService(lab: Lab, host: SmallHost): Promise<ServiceRotation> {
  const secret = host.computerName;
  await lab.cloud.world.environments.close();
  const cpuAt = CpuAt.watch(lab);
  const fromMs = Date.now();
  const versionId = await rotateAtFirstTry(lab, secret).finally(() => cpuAt.stop());
  const whole = { fromMs, toMs: Date.now() };

  const { agentDownMs, serverWaitS, switchedAt } = nodesAccount(lab, secret, versionId);
  const listeningMs = Date.parse(switchedAt);
  const calls = callsOf(lab, whole);
  const told = calls.find(({ name }) => name === 'host.update');
  const invocations = lab.cloud.invocations.filter(
    ({ functionName, atMs }) => functionName === lab.rotator && atMs >= fromMs,
  );
  // Counting nothing would pass for costing nothing.
  if (told === undefined || invocations.length !== steps || calls.every(({ party }) => party === 'zabbix'))
    throw new Error(`the calls of ${secret}'s rotation were not all seen (${invocations.length} invocations)`);
  const shares = handlerTimes(lab, whole).map((period) => sharesOf(period, calls));
  return {
    toldMs: told.answeredMs,
    stoppedMs: listeningMs - agentDownMs,
    listeningMs,
    account: {
      tookS: (whole.toMs - fromMs) / 1000,
      serverWaitS,
      cpuMs: sum(invocations.map(({ usage }) => usage?.cpuMs ?? 0)),
      gapsMs: sum(shares.map((share) => share.gapsMs)),
      waitingCpuMs: sum(shares.map(({ waits }) => cpuAt.during(waits))),
      noticedLateS: sum(noticedLateMs(lab.cloud, whole)) / 1000,
      awsCalls: tally(calls.filter(({ party }) => party === 'aws')),
      zabbixCalls: tally(calls.filter(({ party }) => party === 'zabbix')),
      maxRssMb: Math.max(...invocations.map(({ usage }) => (usage?.maxRssKb ?? 0) / 1024)),
    },
  };
}

/** createSecret, setSecret, testSecret, finishSecret */
const steps = 4;

function nodesAccount(lab: Lab, secret: string, versionId: string) {
  const shape = z.object({ agentDownMs: z.number(), serverWaitS: z.number(), switchedAt: z.string() });
  return z.tuple([shape]).parse(endOf(lab, secret, versionId).targets)[0];
}

/** Everything that the function asked for, in the order of asking. */
function callsOf({ cloud, zabbix, rotator }: Lab, { fromMs, toMs }: Period): readonly OutsideCall[] {
  const aws = cloud.requests
    .filter(({ functionArn }) => functionArn?.endsWith(`:function:${rotator}`) === true)
    .map(({ action, atMs }) => ({ party: 'aws' as const, name: action, askedMs: atMs, answeredMs: atMs }));
  const api = zabbix.apiTraffic.calls.map(({ method, askedMs, answeredMs }) => ({
    ...{ party: 'zabbix' as const, name: method, askedMs },
    answeredMs: answeredMs ?? toMs,
  }));
  return [...aws, ...api]
    .filter(({ askedMs }) => askedMs >= fromMs && askedMs <= toMs)
    .sort((a, b) => a.askedMs - b.askedMs);
}

/** From the moment when the handler was given its event until its answer: what Lambda bills beside the start. */
function handlerTimes({ cloud, rotator }: Lab, { fromMs, toMs }: Period): readonly Period[] {
  const marks = cloud.logs.filter(
    ({ functionName, stream, atMs }) =>
      functionName === rotator && stream === 'platform' && atMs >= fromMs && atMs <= toMs,
  );
  return marks.flatMap(({ message, atMs }) => {
    const request = /^START RequestId: (.*)$/.exec(message)?.[1];
    const end = marks.find((mark) => request !== undefined && mark.message === `END RequestId: ${request}`);
    return end === undefined ? [] : [{ fromMs: atMs, toMs: end.atMs }];
  });
}

function tally(calls: readonly OutsideCall[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of calls) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
