import { goingBackLabel, unrecordedLabel } from '../../../lambda/contract.ts';
import type { Gate, IdentityMode } from '../../../lambda/rotation/model.ts';
import { repair } from '../../../lambda/rotation/repair.ts';
import { repairAll } from '../../../lambda/rotation/repair-all.ts';
import { repairWaiting } from '../../../lambda/rotation/repair-waiting.ts';
import { requestRotation } from '../../../lambda/rotation/rotate-request.ts';
import { driveRotation } from '../../fakes/drive-rotation.ts';
import type { Conduct } from '../../fakes/invocation.ts';
import { keptRecords } from '../../fakes/kept-records.ts';
import { type Invoked, invoke } from '../../fakes/lambda.ts';
import { same } from '../../fakes/site.ts';
import { aWorld, token, type World } from '../world.ts';

/** Which way the rotation goes when nobody is killed. */
export const ways = ['forward', 'agent does not start', 'silent after the switch', 'given up on request'] as const;
/** The same where no agent follows the server. */
export const waysOfAutoregistration = ['forward', 'server does not take it up', 'given up on request'] as const;
export type Way = (typeof ways)[number] | (typeof waysOfAutoregistration)[number];

export interface Scenario {
  readonly way: Way;
  readonly gate: Extract<Gate, 'shadow-agent' | 'script-execute' | 'port-probe' | 'agent-log' | 'now'>;
  /**
   * `proxy`: an active one alone on its node;
   * `proxy and agent`: two programs of one node with one key file, where Zabbix tells of the proxy's key only what we wrote;
   * `behind a proxy of 6.0`: one host whose proxy learns of its key in an hour, or when it is told to;
   * `behind a passive proxy of 6.0`: one host whose proxy learns of its key in an hour, whoever is told what;
   * `autoregistration`: with two hosts that have registered and stay on the key that they have;
   * `unencrypted` and `unencrypted proxy`: one that gets its first key, after which it takes nothing else;
   * `unencrypted, door open`: one that goes on taking unencrypted connections;
   * `certificate`: one that gets its first key in place of a certificate.
   */
  readonly targets:
    | 1
    | 3
    | 'proxy'
    | 'proxy and agent'
    | 'behind a proxy of 6.0'
    | 'behind a passive proxy of 6.0'
    | 'autoregistration'
    | 'unencrypted'
    | 'unencrypted proxy'
    | 'unencrypted, door open'
    | 'certificate';
  readonly identityMode: IdentityMode;
  /** How often Secrets Manager repeats the rotation before it says that it has failed. */
  readonly retries: 0 | 1 | 2;
}

/** Something dies at these places, counted over the whole scenario. */
export interface Kills {
  /** The function, at its nth outside call: 2n just before the effect, 2n+1 just after. */
  readonly calls: readonly number[];
  /** A host script, after the nth effect. */
  readonly effects: readonly number[];
}

export interface Ended {
  readonly calls: readonly string[];
  readonly effects: readonly string[];
  /** How many calls had begun before each effect. */
  readonly callsBefore: readonly number[];
  /** What is not as it should be, in words. */
  readonly wrong: readonly string[];
}

/** Nodes are armed by then, and Zabbix has been told or is about to be. Milliseconds. */
const givenUpAfterMs = 25_000;

/** How often the repair function looks after what waits, in this world: often enough for every state to be met. */
const lookAfterWaitingEveryMs = 600_000;
/** There and back, and once more for what was killed on the way. */
const waitsForMs = 4 * 3_700_000;

/** Plays a scenario to its end, with repair, and tells what is not as it should be. */
export async function play(scenario: Scenario, kills: Kills = { calls: [], effects: [] }): Promise<Ended> {
  const world = build(scenario);
  const calls: string[] = [];
  const effects: string[] = [];
  const callsBefore: number[] = [];
  const wrong: string[] = [];
  const conduct: Conduct = {
    dies: (call) => {
      const nth = calls.push(call) - 1;
      if (kills.calls.includes(2 * nth)) return 'before';
      return kills.calls.includes(2 * nth + 1) ? 'after' : undefined;
    },
  };
  for (const node of world.account.nodes) {
    node.isKilledAfter = (effect) => {
      callsBefore.push(calls.length);
      return kills.effects.includes(effects.push(`${effect} on ${node.host.name}`) - 1);
    };
  }
  const note = <T>(invoked: Invoked<T>) => {
    if (invoked.ended === 'timed out') wrong.push('an invocation waited past its deadline');
    if (invoked.ended === 'threw') said.push(String(invoked.error));
    if (invoked.ended === 'returned') said.push(JSON.stringify(invoked.value ?? ''));
    return invoked;
  };
  const said: string[] = [];

  const rotate = async (ofToken: string) => {
    const { succeeded, invoked } = await driveRotation(
      world.account,
      world.secrets,
      ofToken,
      { times: scenario.retries, afterMs: 60_000 },
      conduct,
    );
    for (const one of invoked) note(one);
    if (!succeeded) await repaired();
  };
  const repaired = async () => {
    for (let tries = 0; tries < 3; tries += 1) {
      const one = note(
        await invoke(world.account, (ports, deadline) => repair(world.secrets.secretId, ports, deadline), conduct),
      );
      if (one.ended === 'returned') return;
      await world.clock.sleep(60_000);
    }
  };

  /** A human gives the rotation up while it runs. */
  const giveUp = async () => {
    const started: string[] = [];
    world.secrets.onRotate = (ofToken) => started.push(ofToken);
    const abandon = world.secrets.unfinished;
    const event = { rotate: world.secrets.secretName, ...(abandon === undefined ? {} : { abandon }) };
    const asked = note(
      await invoke(world.account, (ports, deadline) => requestRotation(event, ports, deadline), conduct),
    );
    if (asked.ended !== 'returned') await repaired();
    for (const ofToken of started) await rotate(ofToken);
  };

  world.secrets.begin(token);
  const rotating = rotate(token);
  if (scenario.way === 'given up on request') {
    await world.clock.sleep(givenUpAfterMs);
    await giveUp();
  }
  await rotating;
  if (scenario.targets === 'behind a passive proxy of 6.0') {
    for (let waitedMs = 0; waitedMs < waitsForMs; waitedMs += lookAfterWaitingEveryMs) {
      if (world.secrets.waiting.length === 0) break;
      await world.clock.sleep(lookAfterWaitingEveryMs);
      note(await invoke(world.account, (ports, deadline) => repairWaiting(ports, deadline), conduct));
    }
  }
  await world.clock.sleep(3_700_000);
  for (let rounds = 0; rounds < 2; rounds += 1) {
    note(await invoke(world.account, (ports, deadline) => repairAll(ports, deadline), conduct));
    await world.clock.sleep(3_700_000);
  }
  wrong.push(...problems(world, said));
  return { calls, effects, callsBefore, wrong };
}

function build(scenario: Scenario): World {
  const { way, gate, targets, identityMode } = scenario;
  if (targets === 'autoregistration') {
    const world = aWorld({ autoregistration: true, hosts: ['web-1', 'web-2'], identityMode });
    world.server.renews = way !== 'server does not take it up';
    return world;
  }
  const isPair = targets === 'proxy and agent';
  const isProxy = targets === 'proxy' || targets === 'unencrypted proxy';
  const names = ['web-1', 'web-2', 'web-3'].slice(0, isProxy ? 0 : targets === 3 ? 3 : 1);
  const isBehind = targets === 'behind a proxy of 6.0';
  if (targets === 'behind a passive proxy of 6.0')
    return hinder(aWorld({ hosts: ['web-1'], identityMode, behindPassiveProxy: true }), way, 'web-1');
  const proxies = isPair ? [{ name: 'edge', beside: 'web-1' }] : isProxy ? [{ name: 'edge' }] : [];
  const reload = { proxies: isBehind ? ['edge'] : [] };
  const unencrypted =
    targets === 'unencrypted, door open'
      ? 'unencrypted-too'
      : targets === 'unencrypted' || targets === 'unencrypted proxy' || targets === 'certificate'
        ? 'only-psk'
        : undefined;
  const world = aWorld({
    hosts: names,
    proxies,
    identityMode,
    reload,
    ...(unencrypted === undefined ? {} : { unencrypted }),
    ...(targets === 'certificate' ? { certificate: { issuer: 'CN=Peers', subject: '' } } : {}),
  });
  world.monitor.comparesProxyKeys = false;
  const { monitor } = world;
  for (const name of names) {
    const host = world.host(name);
    host.canProbe = gate === 'shadow-agent' || gate === 'agent-log';
    host.offersShadow = gate === 'shadow-agent';
    if (isBehind) Object.assign(host, { behindProxy: 'slow', proxy: { name: 'edge', mode: 'active' } });
  }
  monitor.mayExecuteScripts = gate === 'script-execute';
  monitor.portIsOpen = gate === 'port-probe';
  return hinder(world, way, isPair || isProxy ? 'edge' : (names.at(-1) ?? ''), unencrypted !== undefined);
}

/** What keeps one of a world's hosts from ending on the new key. */
function hinder(world: World, way: Way, name: string, everyKeyIsNew = false): World {
  const isNew = (identity: string, fingerprint: string) =>
    everyKeyIsNew || identity !== 'web' || fingerprint !== world.value.key.fingerprint;
  const last = world.host(name);
  if (way === 'agent does not start') {
    last.startsWith = (credential) => (isNew(credential.identity, credential.key.fingerprint) ? undefined : credential);
  }
  if (way === 'silent after the switch') {
    last.onStart = () => (last.mute = false);
    last.startsWith = (credential) => {
      last.mute = isNew(credential.identity, credential.key.fingerprint);
      return credential;
    };
  }
  return world;
}

/** The promise: an agent that is reachable, one key on both sides and in AWSCURRENT, nothing left over, one end told. */
export function problems(world: World, said: readonly string[]): string[] {
  const { account, secrets, facts } = world;
  const found: string[] = [];
  const current = secrets.current;
  const { autoregistration } = account.server;
  for (const [side, credential] of Object.entries(autoregistration ?? {}))
    if (current === undefined || !same(credential, current))
      found.push(`AWSCURRENT is not what is ${side} for newcomers`);
  for (const host of account.hosts) {
    if (!account.server.hears(host)) found.push(`${host.name} is not heard`);
    if (autoregistration !== undefined) continue;
    if (current === undefined || !same(host.stored, current))
      found.push(`Zabbix does not hold AWSCURRENT for ${host.name}`);
    if (current === undefined || !same(host.onDisk, current))
      found.push(`the agent of ${host.name} is not on AWSCURRENT`);
  }
  const told = new Set(facts.filter(({ event }) => event === 'target.notForgotten').map(({ target }) => target));
  for (const node of account.nodes)
    if (!node.isClean && !node.programs.some(({ name }) => told.has(name)))
      found.push(`something is left on the node of ${node.host.name}`);
  if (secrets.unfinished !== undefined) found.push('AWSPENDING is left');
  for (const mark of [goingBackLabel, unrecordedLabel])
    if (secrets.labelled(mark) !== undefined) found.push(`${mark} is left`);
  if (secrets.waiting.length > 0) found.push('a mark of waiting is left');
  const kept = keptRecords(account.bucket);
  found.push(...kept.problems);
  for (const begun of [token, ...secrets.startedRotations]) {
    const outcomes = world
      .ends()
      .filter((end) => end.token === begun)
      .map(({ outcome }) => String(outcome));
    const problem = endProblem(outcomes);
    if (problem !== undefined) found.push(`the rotation ${begun.slice(0, 9)} has ended as ${problem}`);
    const recorded = kept.records.filter(({ versionId }) => versionId === begun).map(({ outcome }) => outcome);
    const gap = endProblem(recorded);
    if (gap !== undefined || recorded.length > 2)
      found.push(`the rotation ${begun.slice(0, 9)} is recorded as ${gap ?? recorded.join(', ')}`);
  }
  const text = JSON.stringify(facts) + said.join('\n');
  for (const key of account.secretsManager.keys.values()) if (text.includes(key.reveal())) found.push('a key was told');
  return found;
}

/**
 * The archive is told at least once, and two that take the same rotation back both say so: `refused` and `rolled-back` are the
 * same end, the old key. `stranded` is a call for help, which repair may answer.
 */
function endProblem(outcomes: readonly string[]): string | undefined {
  const ends = new Set(outcomes.filter((outcome) => outcome !== 'stranded').map((outcome) => outcome === 'rotated'));
  if (ends.size === 1 && outcomes.at(-1) !== 'stranded') return undefined;
  return outcomes.length === 0 ? 'nothing' : outcomes.join(', ');
}
