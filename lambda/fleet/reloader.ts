import { looseObject, enum as oneOf } from 'zod/mini';
import { NodeUnreachable, Refusal, sentence } from '../errors.ts';
import type { Deadline } from '../rotation/deadline.ts';
import type { NodeTarget, RotationIds } from '../rotation/model.ts';
import type { Cache, Reloader } from '../rotation/ports.ts';
import { lastLine } from './last-line.ts';
import { replyShape } from './reply.ts';
import type { RunCommand } from './run-command.ts';

/** Where Zabbix' own daemons run, as the operator has told it. */
export interface ReloadNodes {
  /** More than one for a cluster: its standby nodes refuse. */
  readonly servers: readonly string[];
  /** Nodes by the proxies' names. */
  readonly proxies: ReadonlyMap<string, string>;
}

const reloadShape = looseObject({ outcome: oneOf(['reloaded', 'asked']) });

/** The document's pattern leaves out the blank, which a proxy's name may hold. */
const nameable = /^[A-Za-z0-9._-]+$/;
/** What the document takes, less `named:`. */
const namesMax = 400;

/** The nodes of server and proxies, through Run Command and the document `reload`. */
export function reloaderByRunCommand(
  commands: Pick<RunCommand, 'send' | 'ended'>,
  { servers, proxies }: ReloadNodes,
): Reloader {
  async function reloadOn(
    daemon: NodeTarget,
    values: { readonly daemon: string; readonly proxies: string },
    { secretId, versionId }: RotationIds,
    deadline: Deadline,
  ): Promise<'reloaded' | 'asked'> {
    const sent = await commands.send(daemon, 'reload', { secretId, versionId, ...values });
    const seen = await commands.ended(sent, deadline, 'soon');
    const reply = lastLine(seen);
    const common = replyShape.safeParse(reply);
    const parsed = reloadShape.safeParse(reply);
    const isOurs = common.success && common.data.verb === 'reload' && common.data.versionId === versionId;
    if (isOurs && common.data.outcome === 'refused')
      throw new Refusal('NODE_REFUSED', `${daemon.name} (${daemon.node}): ${common.data.says}`);
    if (isOurs && parsed.success) return parsed.data.outcome;
    throw new NodeUnreachable(
      daemon.name,
      `reload on ${daemon.node} (${daemon.name}) ended as ${seen.Status} without an account that can be read; see command ${sent.commandId} in Run Command's history`,
    );
  }

  /** Of a cluster one node is at work; it is enough that this one has taken it. */
  async function reloadServer(handedTo: string, ids: RotationIds, deadline: Deadline): Promise<'reloaded' | 'asked'> {
    const told = await Promise.allSettled(
      servers.map((node) =>
        reloadOn(
          { kind: 'host', name: 'the Zabbix server', node, config: 'auto' },
          { daemon: 'zabbix_server', proxies: handedTo },
          ids,
          deadline,
        ),
      ),
    );
    const outcomes = told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [first] = outcomes;
    if (first !== undefined) return outcomes.includes('reloaded') ? 'reloaded' : first;
    const failures = told.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    throw failures.length === 1
      ? failures[0]
      : new NodeUnreachable('the Zabbix server', failures.map(sentence).join('; '));
  }

  return {
    hasAny: servers.length > 0 || proxies.size > 0,
    reaches: (cache) => (cache.of === 'server' ? servers.length > 0 : proxies.has(cache.name)),
    async reload(cache, ids, deadline) {
      if (cache.of === 'server') return reloadServer(handed(cache), ids, deadline);
      const node = proxies.get(cache.name);
      if (node === undefined) throw new Refusal('NODE_NOT_MANAGED', `no node is known for proxy "${cache.name}"`);
      const daemon: NodeTarget = { kind: 'proxy', name: cache.name, node, config: 'auto' };
      return reloadOn(daemon, { daemon: 'zabbix_proxy', proxies: 'none' }, ids, deadline);
    },
  };
}

function handed({ handedTo }: Extract<Cache, { of: 'server' }>): string {
  if (typeof handedTo === 'string') return handedTo;
  if (handedTo.length === 0) return 'none';
  const names = handedTo.join(',');
  return handedTo.every((name) => nameable.test(name)) && names.length <= namesMax ? `named:${names}` : 'all';
}
