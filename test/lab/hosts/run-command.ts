import { chmodSync, writeFileSync } from 'node:fs';
import { type Machine, signalProgram } from '../machine.ts';
import type { NodeCommand, RunningScript, ScriptEnd } from '../managed-node.ts';
import { makePipe } from '../pipe.ts';

/** What the SSM agent says about the node in a script's environment. */
export interface NodeFacts {
  readonly instanceId: string;
  readonly region: string;
  readonly platformVersion: string;
}

/**
 * Runs a script as amazon-ssm-agent 3.3.987 was seen to: same file, same `sh -c`, same environment, a process group of its own,
 * copies of the output on disk. It ends when nobody holds stdout or stderr any more.
 */
export function runCommand(machine: Machine, node: NodeFacts, script: string, command: NodeCommand): RunningScript {
  const killed = new AbortController();
  return { ended: runScript(machine, node, script, command, killed.signal), kill: () => killed.abort() };
}

async function runScript(
  machine: Machine,
  node: NodeFacts,
  script: string,
  command: NodeCommand,
  killed: AbortSignal,
): Promise<ScriptEnd> {
  const orchestration = `/var/lib/amazon/ssm/${node.instanceId}/document/orchestration/${command.commandId}`;
  const folder = `${orchestration}/${command.step}`;
  const file = `${folder}/_script.sh`;
  machine.makeFolder(folder, 0o700);
  writeFileSync(machine.path(file), script.endsWith('\n') ? script : `${script}\n`);
  chmodSync(machine.path(file), 0o700);

  const environment = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    PWD: '/usr/bin',
    SSM_COMMAND_ID: command.commandId,
    AWS_SSM_INSTANCE_ID: node.instanceId,
    AWS_SSM_REGION_NAME: node.region,
    AWS_SSM_PLATFORM_NAME: 'Debian GNU/Linux',
    AWS_SSM_PLATFORM_VERSION: node.platformVersion,
    ...command.environment,
  };
  const [stdout, stderr] = await Promise.all([makePipe(machine.path(folder)), makePipe(machine.path(folder))]);
  const child = machine.spawn(['sh', '-c', 'umask 0022; cd /usr/bin; unset OLDPWD; exec sh -c "$0"', file], {
    environment,
    stdio: ['ignore', stdout.writeFd, stderr.writeFd],
  });
  stdout.given();
  stderr.given();
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
    const kill = () => signalProgram(child, 'SIGKILL').catch(reject);
    if (killed.aborted) void kill();
    else killed.addEventListener('abort', kill);
  });
  const end = { exitCode, stdout: (await stdout.content).toString(), stderr: (await stderr.content).toString() };
  keepOutput(machine, `${orchestration}/awsrunShellScript/${command.step}`, end);
  return end;
}

/** The agent leaves every output twice, whole, for two weeks. */
function keepOutput(machine: Machine, folder: string, { stdout, stderr }: ScriptEnd): void {
  machine.makeFolder(folder, 0o700);
  for (const [name, content] of Object.entries({ stdout, stdoutConsole: stdout, stderr, stderrConsole: stderr }))
    writeFileSync(machine.path(`${folder}/${name}`), content, { mode: 0o600 });
}
