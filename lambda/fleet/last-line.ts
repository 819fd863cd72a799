import type { GetCommandInvocationCommandOutput } from '@aws-sdk/client-ssm';

/** What a host script prints last. @returns undefined when that is no JSON */
export function lastLine({
  StandardOutputContent,
}: Pick<GetCommandInvocationCommandOutput, 'StandardOutputContent'>): unknown {
  try {
    return JSON.parse((StandardOutputContent ?? '').trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}
