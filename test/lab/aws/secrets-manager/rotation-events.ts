/** Secrets Manager's own events, in the shape in which EventBridge hands them on. */
import { randomUUID } from 'node:crypto';
import { emit } from '../events/bus.ts';
import type { EventRecord } from '../records.ts';
import type { World } from '../world.ts';
import type { Secret } from './secret.ts';

export type RotationEventName =
  | 'RotationStarted'
  | 'RotationSucceeded'
  | 'RotationFailed'
  | 'RotationAbandoned'
  | 'TestRotationStarted'
  | 'TestRotationSucceeded'
  | 'TestRotationFailed';

const service = 'secretsmanager.amazonaws.com';

export function emitRotationEvent(world: World, secret: Secret, eventName: RotationEventName): EventRecord {
  const { accountId, region } = world.place;
  const eventTime = `${new Date(world.clock.nowMs()).toISOString().slice(0, 19)}Z`;
  return emit(world, {
    'detail-type': 'AWS Service Event via CloudTrail',
    source: 'aws.secretsmanager',
    resources: [],
    detail: {
      eventVersion: '1.08',
      userIdentity: { accountId, invokedBy: service },
      eventTime,
      eventSource: service,
      eventName,
      awsRegion: region,
      sourceIPAddress: service,
      userAgent: service,
      requestParameters: null,
      responseElements: null,
      additionalEventData: { SecretId: secret.arn },
      requestID: randomUUID(),
      eventID: randomUUID(),
      readOnly: false,
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: accountId,
      eventCategory: 'Management',
    },
  });
}
