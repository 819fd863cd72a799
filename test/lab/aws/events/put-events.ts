import { z } from 'zod';
import { defineAction } from '../action.ts';
import { parseJson } from '../json.ts';
import { arn } from '../place.ts';
import { emit } from './bus.ts';

export const putEvents = defineAction({
  name: 'events:PutEvents',
  request: z.strictObject({
    Entries: z
      .array(
        z.strictObject({
          Source: z.string(),
          DetailType: z.string(),
          Detail: z.string(),
          Resources: z.array(z.string()).optional(),
          EventBusName: z.literal('default').optional(),
        }),
      )
      .min(1)
      .max(10),
  }),
  needs: (_request, { world }) => [
    { action: 'events:PutEvents', resource: arn(world.place, 'events', 'event-bus/default') },
  ],
  answer({ Entries }, { world }) {
    return {
      FailedEntryCount: 0,
      Entries: Entries.map(({ Source, DetailType, Detail, Resources = [] }) => {
        // Only AWS itself may speak under this name.
        if (Source.startsWith('aws.'))
          return {
            ErrorCode: 'NotAuthorizedForSourceException',
            ErrorMessage: `Not authorized for the source ${Source}.`,
          };
        const { id } = emit(world, {
          'detail-type': DetailType,
          source: Source,
          resources: Resources,
          detail: parseJson(Detail),
        });
        return { EventId: id };
      }),
    };
  },
});
