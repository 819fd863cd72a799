import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { EvidenceRecord } from './evidence/record.ts';

/** Which of our functions runs. */
export type Task = EvidenceRecord['endedBy']['task'];

/**
 * What runs here, by Lambda's own variables and by the code itself: `$LATEST` alone would tell nothing of what it was that day.
 *
 * @param code the bundle
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function thisFunction(
  task: Task,
  environment: Readonly<Record<string, string | undefined>>,
  code: string | URL,
): EvidenceRecord['endedBy'] {
  return {
    task,
    function: environment.AWS_LAMBDA_FUNCTION_NAME ?? 'not in Lambda',
    version: environment.AWS_LAMBDA_FUNCTION_VERSION ?? '$LATEST',
    codeSha256: createHash('sha256').update(readFileSync(code)).digest('hex'),
    logStream: environment.AWS_LAMBDA_LOG_STREAM_NAME ?? null,
  };
}
