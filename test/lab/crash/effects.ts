/** The effects of a host's scripts: programs that change something are counted, and a script can be made to die at one of them. */
import { readFileSync } from 'node:fs';
import { type Verb, verbs } from '../../../lambda/contract.ts';
import type { Machine } from '../machine.ts';
import { keyPairs } from './key-pairs.ts';
import { type CrashPoint, numbered, type Place } from './point.ts';

const [shim, genpkey, sleep] = [ours('effect-shim.sh'), ours('genpkey.sh'), ours('sleep.sh')];

/** Programs by which the scripts change something that outlives them. /usr/local/sbin comes first in their PATH. */
const programs = ['cat', 'chmod', 'chown', 'cp', 'env', 'find', 'ln', 'mkdir', 'mv', 'openssl', 'rm', 'setsid'];

const folder = '/opt/crash';

export async function watchEffects(machine: Machine): Promise<void> {
  await machine.must(['mkdir', '-p', `${folder}/key-pairs`, '/usr/local/sbin']);
  machine.write(`${folder}/genpkey`, genpkey, 0o755);
  machine.write('/usr/local/sbin/sleep', sleep, 0o755);
  for (const [index, pem] of (await keyPairs()).entries()) machine.write(`${folder}/key-pairs/${index}`, pem, 0o600);
  for (const program of programs) machine.write(`/usr/local/sbin/${program}`, shim, 0o755);
}

function ours(script: string): string {
  return readFileSync(new URL(script, import.meta.url), 'utf8');
}

/** From here on a new rotation counts; with a point it will be struck there. */
export function expectEffects(machine: Machine, point?: CrashPoint): void {
  machine.write(`${folder}/effects`, '');
  const place = point?.place;
  if (point === undefined || place?.kind !== 'node') return;
  const effect = `${place.verb} ${place.session} ${place.effect}`;
  machine.write(`${folder}/plan`, `${point.moment} ${point.dies} ${place.nth}\n${effect}\n`);
}

/** Takes back what was planned. @returns whether it has happened */
export async function endOfEffects(machine: Machine): Promise<boolean> {
  const { exitCode } = await machine.run(['test', '-e', `${folder}/struck`]);
  await machine.must(['rm', '-f', `${folder}/plan`, `${folder}/struck`]);
  return exitCode === 0;
}

/** What the scripts of the rotation have done so far, in order. */
export function effectsSeen(machine: Machine): readonly Extract<Place, { kind: 'node' }>[] {
  return parseEffects(machine.read(`${folder}/effects`));
}

/** How often a probe of the server is repeated depends on when it renews its cache: the first two stand for all. */
const probesTold = 2;

export function parseEffects(lines: string): readonly Extract<Place, { kind: 'node' }>[] {
  return numbered(lines.split('\n').filter((line) => line !== '')).flatMap(({ name, nth }) => {
    const [, verbName, session, effect] = /^(\S+) (script|worker) (.+)$/.exec(name) ?? [];
    const verb = verbs.find((known: Verb) => known === verbName);
    if (verb === undefined || effect === undefined || (session !== 'script' && session !== 'worker'))
      throw new Error(`the shim has written "${name}"`);
    if (/shadow/.test(effect) && nth > probesTold) return [];
    return [{ kind: 'node', verb, session, effect, nth }];
  });
}
