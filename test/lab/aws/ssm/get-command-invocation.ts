import { z } from 'zod';
import { defineAction } from '../action.ts';
import { AwsError } from '../aws-error.ts';
import type { World } from '../world.ts';
import type { Invocation, StepRun } from './command.ts';
import { fromAgent, stderrLimit, stdoutLimit } from './output.ts';

export const getCommandInvocation = defineAction({
  name: 'ssm:GetCommandInvocation',
  request: z.strictObject({ CommandId: z.uuid(), InstanceId: z.string(), PluginName: z.string().optional() }),
  // No resource scope exists: whoever has it reads every output.
  needs: () => [{ action: 'ssm:GetCommandInvocation', resource: '*' }],
  answer({ CommandId, InstanceId, PluginName }, { world }) {
    const command = world.commands.get(CommandId);
    const invocation = command?.invocations.get(InstanceId);
    // Right after SendCommand this is normal.
    if (command === undefined || invocation === undefined || isHidden(invocation, world)) {
      throw new AwsError('InvocationDoesNotExist', '');
    }
    const step = chosenStep(
      command.document.steps.map(({ name }) => name),
      PluginName,
    );
    const run = invocation.steps.find(({ name }) => name === step);
    return {
      CommandId,
      InstanceId,
      Comment: command.comment,
      DocumentName: command.document.name,
      DocumentVersion: command.documentVersion,
      PluginName: step ?? '',
      ResponseCode: run?.code ?? -1,
      Status: statusOf(invocation, run).status,
      StatusDetails: statusOf(invocation, run).statusDetails,
      ExecutionStartDateTime: run === undefined ? '' : new Date(run.startedMs).toISOString(),
      ExecutionEndDateTime: run === undefined ? '' : new Date(run.endedMs).toISOString(),
      ExecutionElapsedTime: run === undefined ? '' : `PT${((run.endedMs - run.startedMs) / 1000).toFixed(3)}S`,
      StandardOutputContent: fromAgent(run?.stdout ?? '').slice(0, stdoutLimit),
      StandardOutputUrl: '',
      StandardErrorContent: fromAgent(run?.stderr ?? '').slice(0, stderrLimit),
      StandardErrorUrl: '',
      CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
    };
  },
});

export function isHidden(invocation: Invocation, { clock }: World): boolean {
  return clock.nowMs() < invocation.shownMs;
}

/** With one step the name may be left out; with more, no name means no output. */
function chosenStep(names: readonly string[], wanted: string | undefined): string | undefined {
  if (wanted === undefined) return names.length === 1 ? names[0] : undefined;
  if (!names.includes(wanted)) throw new AwsError('InvalidPluginName', `The plugin name ${wanted} is not valid.`);
  return wanted;
}

function statusOf(invocation: Invocation, run: StepRun | undefined): Pick<StepRun, 'status' | 'statusDetails'> {
  return run ?? invocation;
}
