import { z } from 'zod';
import type { Deployment } from '../../deployment.ts';
import { endOf } from '../../suite/held.ts';
import { rotateAtFirstTry } from '../rotate-at-first-try.ts';

/** When it came to what, milliseconds since 1970. */
export interface Course {
  readonly gate: string;
  /** when the function wrote down that it gives Zabbix the new key, a call or two before it does */
  readonly givenMs: number;
  /** when the new key was seen to be accepted; where an agent or proxy takes it, when the first was stopped for that */
  readonly acceptedMs: number;
  /** when the last target was proven */
  readonly provenMs: number;
}

/** One real rotation. Others may run meanwhile: everything is told by what the function wrote of this one. */
export async function rotateKind(deployment: Pick<Deployment, 'rotate' | 'facts'>, secret: string): Promise<Course> {
  const versionId = await rotateAtFirstTry(deployment, secret);
  const facts = deployment.facts(secret).filter(({ token }) => token === versionId);
  return courseOf(facts, endOf(deployment, secret, versionId).targets);
}

const targetsShape = z.array(
  z.object({ gate: z.string(), switchedAt: z.string(), agentDownMs: z.number().optional() }),
);

/**
 * @param facts what the function wrote of one rotation, oldest first
 * @param targets as its end tells of them
 * @throws {Error} when a moment is missing
 */
export function courseOf(facts: readonly { readonly at: string; readonly event: string }[], targets: unknown): Course {
  const told = targetsShape.parse(targets);
  const timesOf = (event: string) => facts.filter((fact) => fact.event === event).map(({ at }) => Date.parse(at));
  const [given, proven] = [timesOf('zabbix.giving')[0], timesOf('target.proven').at(-1)];
  const stops = told.flatMap(({ switchedAt, agentDownMs }) =>
    agentDownMs === undefined ? [] : [Date.parse(switchedAt) - agentDownMs],
  );
  // Autoregistration has nobody to stop: the function asked the server itself.
  const seen = stops.length > 0 ? stops : timesOf('target.switched');
  const [first] = told;
  if (given === undefined || proven === undefined || first === undefined || seen.length === 0)
    throw new Error(`a rotation was not told whole: ${facts.map(({ event }) => event).join(', ')}`);
  return {
    gate: first.gate,
    givenMs: given,
    acceptedMs: Math.min(...seen),
    provenMs: proven,
  };
}
