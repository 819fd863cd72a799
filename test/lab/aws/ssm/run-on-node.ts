/** Runs a command's steps on one node the way the agent does (facts measured on agent 3.3.987; see the lab's README). */
import type { ScriptEnd } from '../../managed-node.ts';
import type { World } from '../world.ts';
import {
  type Command,
  conclude,
  type Invocation,
  isFinal,
  isWaiting,
  type Status,
  type StatusDetails,
  type StepRun,
} from './command.ts';
import type { DocumentStep } from './document.ts';
import type { KnownNode } from './node.ts';
import { scriptFor } from './parameters.ts';

const defaultTimeoutS = 3600;
const maxTimeoutS = 172_800;

export async function runOnNode(
  world: World,
  known: KnownNode,
  command: Command,
  invocation: Invocation,
): Promise<void> {
  if (isWaiting(invocation)) {
    invocation.status = 'InProgress';
    invocation.statusDetails = 'InProgress';
  }
  invocation.runs += 1;
  const done: StepRun[] = [];
  // A step that fails does not keep the later ones from running.
  for (const step of command.document.steps) {
    const run = await runStep(world, known, command, invocation, step);
    done.push(run);
    // 168 and 169 end the document; a second delivery must not overwrite what the first one told.
    if (run.code === 168 || run.code === 169 || invocation.cancelRequested) break;
  }
  if (isFinal(invocation)) return;
  invocation.steps.push(...done);
  const worst = (['Failed', 'TimedOut', 'Cancelled'] as const).find((status) =>
    done.some((run) => run.status === status),
  );
  conclude(invocation, worst ?? 'Success', done.find(({ status }) => status === worst)?.statusDetails ?? 'Success');
}

async function runStep(
  world: World,
  known: KnownNode,
  command: Command,
  invocation: Invocation,
  step: DocumentStep,
): Promise<StepRun> {
  const { clock } = world;
  const startedMs = clock.nowMs();
  const result = (
    status: Status,
    code: number,
    stdout = '',
    stderr = '',
    statusDetails: StatusDetails = status,
  ): StepRun => ({
    name: step.name,
    action: step.action,
    status,
    statusDetails,
    code,
    stdout,
    stderr,
    startedMs,
    endedMs: world.clock.nowMs(),
  });
  if (step.precondition !== undefined && step.precondition.StringEquals[1] !== 'Linux') return result('Success', 0);
  if (step.action === 'aws:runPowerShellScript') {
    return result('Failed', 1, '', 'failed to run commands: fork/exec /usr/bin/pwsh: no such file or directory');
  }
  const { script, environment } = scriptFor(known, command.document, step.inputs.runCommand, command.values);
  const running = known.node.start(script, { commandId: command.id, step: step.name, environment });
  invocation.script = running;
  let timedOut = false;
  const limitMs = timeoutS(step) * 1000;
  // Nobody waits for it: it is harmless once the script has ended.
  clock
    .sleep(limitMs)
    .then(() => {
      if (invocation.script !== running) return;
      timedOut = true;
      running.kill();
    })
    .catch((error: unknown) => world.records.breakdowns.push(`timeout of ${command.id}: ${String(error)}`));
  const end = await running.ended;
  invocation.script = undefined;
  if (invocation.cancelRequested) return result('Cancelled', 137, end.stdout, end.stderr);
  if (timedOut) return result('TimedOut', 137, end.stdout, end.stderr, 'ExecutionTimedOut');
  return ofExit(world, end, result);
}

function ofExit(
  world: World,
  { exitCode, stdout, stderr }: ScriptEnd,
  result: (status: Status, code: number, stdout?: string, stderr?: string, details?: StatusDetails) => StepRun,
): StepRun {
  const failure = (text: string) => `${stderr}${stderr === '' ? '' : '\n'}failed to run commands: ${text}`;
  switch (exitCode) {
    case 0:
      return result('Success', 0, stdout, stderr);
    case null:
      return result('Failed', -1, stdout, failure('signal: killed'));
    case 137:
      return result('TimedOut', 137, stdout, stderr, 'ExecutionTimedOut');
    case 168:
      return result('Success', 168, stdout, stderr);
    case 194:
      world.records.unsupported.push('a script ended with exit code 194, which reboots the host and runs it again');
      return result('Failed', 194, stdout, failure('exit status 194'));
    default:
      return result('Failed', exitCode, stdout, failure(`exit status ${exitCode}`));
  }
}

/** Outside 5 to 172800 the agent takes an hour. */
function timeoutS({ inputs }: DocumentStep): number {
  const seconds = Number(inputs.timeoutSeconds ?? defaultTimeoutS);
  return Number.isFinite(seconds) && seconds >= 5 && seconds <= maxTimeoutS ? seconds : defaultTimeoutS;
}
