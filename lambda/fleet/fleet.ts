import type { GetCommandInvocationCommandOutput } from '@aws-sdk/client-ssm';
import type { ZodMiniType } from 'zod/mini';
import { type Door, nodeOutlastsS, type Verb } from '../contract.ts';
import { NodeUnreachable, Refusal } from '../errors.ts';
import type { Deadline } from '../rotation/deadline.ts';
import { safeIdentity } from '../rotation/identity.ts';
import {
  fingerprintOf,
  type NodeOutcome,
  type NodeTarget,
  onNodes,
  type Preparation,
  type Protection,
  type Rotation,
  type RotationIds,
} from '../rotation/model.ts';
import type { Clock, Fleet, Patience, WaitsFor } from '../rotation/ports.ts';
import { lastLine } from './last-line.ts';
import { inspectionShape, preparationShape, replyShape, switchShape, toAccount, toInspection } from './reply.ts';
import type { OneByOne, Sent } from './run-command.ts';
import { seal } from './seal.ts';

/** A preparation is good for the longest that a rotation's invocation can last. */
const preparedForMs = 20 * 60_000;

/**
 * A node that waits for an hour asks less often: three lines a question in the proxy's log are 2,200 instead of 11,000. One check that
 * falls between the two keys costs 15 s whether they last one second or five. Seconds.
 */
const askSlowProxyEveryS = 5;

/** Verbs whose scripts wait at a gate. */
const mayWait: ReadonlySet<Verb> = new Set(['switch', 'restore']);

/** The nodes as the story sees them, through Run Command and the host scripts. */
export function fleetByRunCommand(commands: OneByOne, patience: Patience, clock: Clock): Fleet {
  /** How far each node's clock is ahead of ours, learnt from its replies: `notAfter` is in the node's own time. */
  const aheadMs = new Map<string, number>();

  const agentStartS = String(Math.round(patience.agentStartMs / 1000));

  function waits(target: NodeTarget, waitsFor: WaitsFor) {
    const isSlow = waitsFor === 'slow proxy' && patience.proxyMs !== undefined;
    const waitMs = isSlow ? patience.proxyMs + nodeOutlastsS * 1000 : patience.serverWaitMs;
    return {
      notAfter: notAfter(target, waitMs + 60_000),
      serverWaitS: String(Math.round(waitMs / 1000)),
      agentStartS,
      ...(isSlow ? { probeEveryS: String(askSlowProxyEveryS) } : {}),
    };
  }

  function notAfter(target: NodeTarget, ms: number): string {
    return String(Math.floor((clock.now().ms + (aheadMs.get(target.node) ?? 0) + ms) / 1000));
  }

  async function account<T>(sent: Sent, deadline: Deadline, shape: ZodMiniType<T>): Promise<T> {
    const seen = await commands.ended(sent, deadline, mayWait.has(sent.verb) ? 'waiting' : 'soon');
    const reply = lastLine(seen);
    const common = replyShape.safeParse(reply);
    if (!common.success || common.data.verb !== sent.verb || common.data.versionId !== sent.versionId)
      throw noAccount(sent, seen);
    aheadMs.set(sent.target.node, common.data.clockMs - clock.now().ms);
    if (common.data.outcome === 'refused') {
      throw new Refusal('NODE_REFUSED', `${sent.target.name} (${sent.target.node}): ${common.data.says}`);
    }
    const parsed = shape.safeParse(reply);
    if (!parsed.success) throw noAccount(sent, seen);
    return parsed.data;
  }

  async function inspect(target: NodeTarget, { secretId, versionId, current }: RotationIds, deadline: Deadline) {
    const values = { secretId, versionId, ...programs([target]), ...firstEncryption(current) };
    const sent = await commands.send(target, 'inspect', values);
    return toInspection(await account(sent, deadline, inspectionShape));
  }

  /**
   * Returns when the node has taken the command up.
   *
   * @throws {Refusal} when it has ended by then and refused: Zabbix must not be told
   */
  async function waiting<S extends Sent>(sent: S, deadline: Deadline): Promise<S> {
    const { Status } = await commands.taken(sent, deadline);
    if (Status !== 'InProgress') await account(sent, deadline, switchShape);
    return sent;
  }

  async function prepareOnce(
    target: NodeTarget,
    { secretId, versionId, current, pending }: Rotation,
    deadline: Deadline,
  ): Promise<Preparation> {
    const sent = await commands.send(target, 'prepare', {
      secretId,
      versionId,
      ...programs(onNodes(pending.targets).filter(({ node }) => node === target.node)),
      ...firstEncryption(current),
      currentFingerprint: fingerprintOf(current),
      notAfter: notAfter(target, preparedForMs),
    });
    const reply = await account(sent, deadline, preparationShape);
    const places = reply.places.map(({ place, verdict }) => ({ place, said: verdict }));
    return { ...toInspection(reply), publicKey: reply.publicKey, places };
  }

  return {
    inspect,

    async prepare(target, rotation, deadline) {
      try {
        return await prepareOnce(target, rotation, deadline);
      } catch (error) {
        // A node whose clock is wrong takes our time limit for passed; its reply has just told us its clock.
        const wrongClock = Math.abs(aheadMs.get(target.node) ?? 0) > preparedForMs / 2;
        if (error instanceof Refusal && wrongClock) return prepareOnce(target, rotation, deadline);
        throw error;
      }
    },

    async arm(target, rotation, prepared, gate, deadline, waitsFor = 'server') {
      const { secretId, versionId, current, pending } = rotation;
      if (pending.identity !== current.identity && !safeIdentity.test(pending.identity)) {
        throw new Refusal(
          'IDENTITY_UNSAFE',
          `identity "${pending.identity}" holds something other than letters, digits and . _ : -`,
        );
      }
      const sent = await commands.send(target, 'switch', {
        secretId,
        versionId,
        fingerprint: pending.key.fingerprint,
        identity: pending.identity === current.identity ? 'keep' : pending.identity,
        sealedKey: seal(pending, prepared.publicKey, { secretId, versionId, node: target.node }),
        gate,
        ...waits(target, waitsFor),
      });
      return waiting(sent, deadline);
    },

    async armRestore(target, { secretId, versionId, current }, gate, deadline, waitsFor = 'server') {
      const sent = await commands.send(target, 'restore', {
        secretId,
        versionId,
        ...programs([target]),
        ...firstEncryption(current),
        gate,
        ...waits(target, waitsFor),
      });
      return waiting(sent, deadline);
    },

    async follow(armed, deadline): Promise<NodeOutcome> {
      const { outcome, says, fingerprint, lastSwitch } = await account(armed, deadline, switchShape);
      switch (outcome) {
        case 'switched':
        case 'restored':
          return { outcome, fingerprint, account: toAccount(lastSwitch) };
        case 'stranded':
          return { outcome, says };
        case 'not-accepted':
        case 'agent-did-not-start':
          return { outcome, says, fingerprint };
      }
    },

    async forget(target, { secretId, versionId, current }, inPlace, deadline) {
      const sent = await commands.send(target, 'forget', {
        secretId,
        versionId,
        ...programs([target]),
        ...firstEncryption(current),
        fingerprint: fingerprintOf(inPlace),
      });
      return toInspection(await account(sent, deadline, inspectionShape));
    },
  };
}

/** Which programs of a node a command is about. Once it is prepared, the node itself knows. */
function programs(targets: readonly NodeTarget[]): { readonly config: string; readonly proxyConfig: string } {
  const configOf = (kind: NodeTarget['kind']) => targets.find((target) => target.kind === kind)?.config ?? 'none';
  return { config: configOf('host'), proxyConfig: configOf('proxy') };
}

/** What tells a node that an agent without a key is expected, and what it is to take with its first one. */
function firstEncryption(current: Protection | undefined): { readonly firstEncryption?: Door } {
  return current === undefined || current.key !== undefined
    ? {}
    : { firstEncryption: current.takes ?? 'unencrypted-too' };
}

function noAccount(
  { verb, target, commandId }: Sent,
  { Status, ResponseCode }: GetCommandInvocationCommandOutput,
): NodeUnreachable {
  return new NodeUnreachable(
    target.name,
    `${verb} on ${target.node} (${target.name}) ended as ${Status}, exit code ${ResponseCode}, without an account that can be read; see command ${commandId} in Run Command's history`,
  );
}
