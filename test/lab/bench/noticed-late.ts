import type { RequestRecord } from '../aws/records.ts';
import type { Command } from '../aws/ssm/command.ts';
import { isLookAtCommand, type Period } from './own-time.ts';

/** What of the stand-in is needed to tell. */
export interface CommandsAndRequests {
  readonly commands: readonly Pick<Command, 'id' | 'requestedMs' | 'invocations'>[];
  readonly requests: readonly Pick<RequestRecord, 'atMs' | 'action' | 'requestBody' | 'answerBody' | 'errorCode'>[];
}

/**
 * How long after its end each command of a period was first seen to have ended: the price of looking now and then, in milliseconds.
 * One that never ran, or that nobody looked at again, is left out.
 */
export function noticedLateMs(
  { commands, requests }: CommandsAndRequests,
  { fromMs, toMs }: Period,
): readonly number[] {
  return commands
    .filter(({ requestedMs }) => requestedMs >= fromMs && requestedMs <= toMs)
    .flatMap(({ id, invocations }) => {
      const endsMs = [...invocations.values()].flatMap(({ steps }) => steps.map(({ endedMs }) => endedMs));
      const noticed = requests.find(
        ({ action, answerBody, errorCode }) =>
          isLookAtCommand(action) &&
          errorCode === undefined &&
          answerBody.includes(id) &&
          !/"Status":"(?:Pending|InProgress)"/.test(answerBody),
      );
      return noticed === undefined || endsMs.length === 0 ? [] : [noticed.atMs - Math.max(...endsMs)];
    });
}
