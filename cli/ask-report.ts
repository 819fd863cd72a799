import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { looseObject, optional, string } from 'zod/mini';
import { quoteName } from '../lambda/quote.ts';

/** What the report function answers with, or Lambda in its place. */
const answerShape = looseObject({
  says: optional(string()),
  folder: optional(string()),
  errorMessage: optional(string()),
});

/**
 * Asks the report function for a report now, by AWS' own command line (version 2), with whatever credentials that finds. A large
 * estate's report takes minutes: the call waits for as long as a function may run.
 *
 * @param days length of the period; undefined: the function's default
 * @returns the exit code
 */
export function askForReport(functionName: string, days: number | undefined): number {
  const folder = mkdtempSync(join(tmpdir(), 'zabbix-psk-report-'));
  try {
    const [event, answer] = [join(folder, 'event.json'), join(folder, 'answer.json')];
    writeFileSync(event, JSON.stringify({ report: days === undefined ? {} : { days } }));
    const words = ['lambda', 'invoke', '--function-name', functionName, '--payload', `fileb://${event}`];
    const waits = ['--cli-read-timeout', '900', '--no-cli-pager'];
    const { error, status } = spawnSync('aws', [...words, ...waits, answer], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (error !== undefined)
      throw new Error(`AWS' command line could not be started (aws: ${error.message}); install its version 2`);
    return status === 0 ? tell(answerShape.parse(JSON.parse(readFileSync(answer, 'utf8')))) : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tell({ says, folder, errorMessage }: ReturnType<typeof answerShape.parse>): number {
  if (says === undefined || folder === undefined) {
    console.error(quoteName(errorMessage ?? 'the function gave no answer that is known'));
    return 1;
  }
  console.log(`${quoteName(says)}\n${quoteName(folder)} in the evidence bucket`);
  return 0;
}
