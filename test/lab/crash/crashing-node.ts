import { type Verb, verbs } from '../../../lambda/contract.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import type { ManagedNode, RunningScript, ScriptEnd } from '../managed-node.ts';

/** How long a node that went down stays away before it boots. Milliseconds. */
const bootMs = 3_000;

/**
 * A small host whose scripts know, for the shims before their programs, which verb they are; and that boots, its agent with it,
 * when all of it was killed; with it the proxy that is on it.
 */
export function crashingNode(host: SmallHost, proxy?: SmallProxy): ManagedNode {
  const { instanceId, computerName, tags } = host.node;
  const node: ManagedNode = {
    instanceId,
    computerName,
    tags,
    online: true,
    start(script, command): RunningScript {
      const environment = { ...command.environment, CRASH_VERB: verbOf(script) };
      const { ended, kill } = host.start(script, { ...command, environment });
      return { ended: ended.then((end) => bootedIfDown({ host, proxy }, node, end)), kill };
    },
  };
  return node;
}

/** Every script but inspect's own last part begins with its verb. */
function verbOf(script: string): Verb {
  const name = /^begin (\w+)$/m.exec(script)?.[1];
  const verb = verbs.find((known) => known === name);
  if (verb === undefined) throw new Error('a script of an unknown verb was sent to a node');
  return verb;
}

interface Programs {
  readonly host: SmallHost;
  readonly proxy: SmallProxy | undefined;
}

async function bootedIfDown(programs: Programs, node: ManagedNode, end: ScriptEnd): Promise<ScriptEnd> {
  if (!node.online || !(await wentDown(programs.host))) return end;
  node.online = false;
  // Not awaited: Systems Manager hears of the script's end, and the node comes back by itself.
  boot(programs, node).catch((error: unknown) => console.error(`${node.computerName} does not boot: ${String(error)}`));
  return end;
}

async function wentDown(host: SmallHost): Promise<boolean> {
  const taken = 'grep -q " node " /opt/crash/struck && echo booted >/opt/crash/struck';
  return (await host.machine.run(['sh', '-c', taken])).exitCode === 0;
}

/** What an init system does; a program that does not start is the scripts' business. */
async function boot({ host, proxy }: Programs, node: ManagedNode): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, bootMs));
  for (const { pidFile, service } of [host.paths, ...(proxy === undefined ? [] : [proxy.paths])]) {
    await host.machine.run(['install', '-D', '-o', 'zabbix', '-g', 'zabbix', '-m', '0644', '/dev/null', pidFile]);
    await host.machine.run(['service', service, 'start']);
  }
  node.online = true;
}
