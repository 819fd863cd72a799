/** Lets the rotation function die at one of its calls, or a host's script at one of its effects. */
import type { OutsideCall, Reaction } from '../aws/faults.ts';
import { labelled } from '../aws/secrets-manager/secret.ts';
import { secretIn } from '../suite/held.ts';
import { endOfEffects, expectEffects } from './effects.ts';
import { takeFirstKeyAway } from './first-key.ts';
import type { Lane, Slot } from './lane.ts';
import type { CrashPoint, Way } from './point.ts';

/** What the lab does to a rotation while it runs. */
export interface Disturbance {
  /** Takes everything back. @returns whether the point was reached */
  end(): Promise<boolean>;
}

/** @param point undefined: the rotation only goes its way */
export async function disturb(lane: Lane, slot: Slot, way: Way, point?: CrashPoint): Promise<Disturbance> {
  const { cloud, rotator } = lane.deployment;
  const { machine } = slot.host;
  await takeFirstKeyAway(lane, slot);
  // Of two programs the one that is started first goes back with the other.
  const program = slot.proxy ?? slot.host;
  if (way === 'cannot-start') await program.inflict('cannotStartWithNewKey');
  expectEffects(machine, point);

  const counted = new Map<string, number>();
  const steps = () => cloud.invocations.filter(({ functionName }) => functionName === rotator).length;
  const before = steps();
  let marked = false;
  let struck = false;
  let environment = '';
  /** The n-th call of that name, once. */
  const isThePoint = (kind: 'aws' | 'zabbix', call: string): boolean => {
    const nth = (counted.get(`${kind} ${call}`) ?? 0) + 1;
    counted.set(`${kind} ${call}`, nth);
    const place = point?.place;
    return !struck && place?.kind === kind && place.call === call && place.nth === nth;
  };

  cloud.faults.hook = ({ action, caller }: OutsideCall): Reaction => {
    if (caller.kind !== 'role' || caller.functionArn?.endsWith(`:${rotator}`) !== true) return 'pass';
    environment = caller.environmentId ?? '';
    if (way === 'taken-back' && !marked && steps() - before === 2) {
      marked = true;
      markAsGoingBack(lane, slot);
    }
    if (!isThePoint('aws', action)) return 'pass';
    struck = true;
    return point?.moment === 'before' ? 'kill-before' : 'kill-after';
  };
  const strike = () => {
    struck = true;
    cloud.world.environments.kill(environment);
    return 'drop' as const;
  };
  let awaited: number | undefined;
  lane.traffic.observer = {
    asked({ method, ordinal }) {
      if (!isThePoint('zabbix', method)) return 'pass';
      if (point?.moment === 'before') return strike();
      awaited = ordinal;
      return 'pass';
    },
    answered: ({ ordinal }) => (ordinal === awaited && !struck ? strike() : 'pass'),
  };

  return {
    async end() {
      cloud.faults.clear();
      lane.traffic.observer = undefined;
      program.heal();
      return (await endOfEffects(machine)) || struck;
    },
  };
}

/** As whoever decides to go back does it first (lambda/rotation/roll-back.ts): the label, and nothing else yet. */
function markAsGoingBack({ deployment }: Lane, { secret }: Slot): void {
  const held = secretIn(deployment, secret);
  const pending = held === undefined ? undefined : labelled(held, 'AWSPENDING');
  if (pending === undefined) throw new Error(`${secret} has no pending version to mark`);
  pending.labels.add('ZABBIX_PSK_GOING_BACK');
}
