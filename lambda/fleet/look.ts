import { randomUUID } from 'node:crypto';
import { _default, boolean, int, looseObject, pipe, regex, string, transform } from 'zod/mini';
import { NodeUnreachable, Refusal } from '../errors.ts';
import { quote, quoteName } from '../quote.ts';
import type { Deadline } from '../rotation/deadline.ts';
import type { NodeTarget } from '../rotation/model.ts';
import type { Clock } from '../rotation/ports.ts';
import { replyShape } from './reply.ts';
import type { RunCommand, Sent } from './run-command.ts';

/** A node's root may answer what he likes: it must fit into our sentences all the same. */
const name = pipe(string(), transform(quoteName));

const lookShape = looseObject({
  agent: name,
  version: _default(name, ''),
  identity: _default(name, ''),
  fingerprint: string().check(regex(/^[0-9a-f]{12}$/)),
  keyFile: name,
  keyMode: string().check(regex(/^[0-7]{3,5}$/)),
  keyOwner: _default(name, ''),
  keyBytes: int(),
  running: boolean(),
});

type Ended = Pick<Awaited<ReturnType<RunCommand['ended']>>, 'StandardOutputContent'>;

/** Nodes that one command may be sent to: SendCommand's own limit. */
const nodesACommand = 50;
/** How long the first of them waits for the others. Milliseconds. */
const gatheringMs = 1_000;

/** In place of a secret's ARN: what is looked at hangs on none, and a node must not be told of another's. */
const secretId = 'arn:of-no-secret:a-report-looks';

/** Who is asked with one command: their agents' configuration files are told in the same words. */
interface Together {
  readonly targets: Map<string, NodeTarget>;
  readonly sent: Promise<ReadonlyMap<string, Sent | Error>>;
  readonly go: () => void;
}

/**
 * Asks nodes with `inspect`, which changes nothing there: as many as ask within a second with one command, so that a large estate is
 * looked at within minutes.
 */
export function looking(commands: Pick<RunCommand, 'sendToAll' | 'ended'>, clock: Clock) {
  const gathering = new Map<string, Together>();

  function together({ config }: NodeTarget): Together {
    const found = gathering.get(config);
    if (found !== undefined) return found;
    const targets = new Map<string, NodeTarget>();
    const full = Promise.withResolvers<void>();
    const send = async () => {
      await Promise.race([full.promise, clock.sleep(gatheringMs)]);
      if (gathering.get(config) === begun) gathering.delete(config);
      const all = [...targets.values()];
      const sent = await commands.sendToAll(all, 'inspect', { secretId, versionId: randomUUID(), config });
      return new Map(all.map(({ node }, index) => [node, sent[index] ?? new RangeError(`no answer for ${node}`)]));
    };
    const begun: Together = { targets, sent: Promise.resolve().then(send), go: full.resolve };
    gathering.set(config, begun);
    return begun;
  }

  async function sendTo(target: NodeTarget): Promise<Sent> {
    const { targets, sent, go } = together(target);
    if (!targets.has(target.node)) targets.set(target.node, target);
    if (targets.size >= nodesACommand) {
      gathering.delete(target.config);
      go();
    }
    const found = (await sent).get(target.node);
    if (found === undefined || found instanceof Error) throw found ?? new RangeError(`${target.node} was not asked`);
    // Of two targets on one node each is told by its own name.
    return { ...found, target };
  }

  return {
    /**
     * What a report wants to know of a node's key file.
     *
     * @throws {Refusal} what the script refused with: no agent, no PSK, no key that can be read
     * @throws {NodeUnreachable} when no account came back
     */
    async look(target: NodeTarget, deadline: Deadline) {
      const sent = await sendTo(target);
      return accountOf(sent, await commands.ended(sent, deadline, 'soon'));
    },
  };
}

function accountOf({ target, versionId, commandId }: Sent, { StandardOutputContent }: Ended) {
  const reply = parseLast(StandardOutputContent ?? '');
  const common = replyShape.safeParse(reply);
  if (!common.success || common.data.verb !== 'inspect' || common.data.versionId !== versionId)
    throw new NodeUnreachable(target.name, `inspect on ${target.node} gave no account (command ${commandId})`);
  if (common.data.outcome === 'refused')
    throw new Refusal('NODE_REFUSED', `${target.name} (${target.node}): ${common.data.says}`);
  const parsed = lookShape.safeParse(reply);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', ');
    throw new NodeUnreachable(
      target.name,
      `inspect on ${target.node} answered in a form that is not known: ${quote(problems)}`,
    );
  }
  const {
    agent,
    version: agentVersion,
    identity,
    fingerprint,
    keyFile,
    keyMode,
    keyOwner,
    keyBytes,
    running,
  } = parsed.data;
  return { agent, agentVersion, identity, fingerprint, keyFile, keyMode, keyOwner, keyBytes, running };
}

function parseLast(output: string): unknown {
  try {
    return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}
