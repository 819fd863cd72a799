import { _default, boolean, int, looseObject, pipe, regex, string, transform } from 'zod/mini';
import { NodeUnreachable, Refusal } from '../errors.ts';
import { quote, quoteName } from '../quote.ts';
import type { Deadline } from '../rotation/deadline.ts';
import type { RotationIds, Target } from '../rotation/model.ts';
import { replyShape } from './reply.ts';
import type { RunCommand } from './run-command.ts';

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

/**
 * What a report wants to know of a node's key file; `inspect` changes nothing there.
 *
 * @throws {Refusal} what the script refused with: no agent, no PSK, no key that can be read
 * @throws {NodeUnreachable} when no account came back
 */
export async function look(
  commands: Pick<RunCommand, 'send' | 'ended'>,
  target: Target,
  { secretId, versionId }: RotationIds,
  deadline: Deadline,
) {
  const sent = await commands.send(target, 'inspect', { secretId, versionId, config: target.config });
  const { StandardOutputContent } = await commands.ended(sent, deadline, 'soon');
  const reply = parseLast(StandardOutputContent ?? '');
  const common = replyShape.safeParse(reply);
  if (!common.success || common.data.verb !== 'inspect' || common.data.versionId !== versionId)
    throw new NodeUnreachable(target.name, `inspect on ${target.node} gave no account (command ${sent.commandId})`);
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
