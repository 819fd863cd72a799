/** What EventBridge sends when a rule's time has come. */
import { randomUUID } from 'node:crypto';
import type { Json } from '../json.ts';
import type { World } from '../world.ts';

export function scheduledEvent(world: World, ruleArn: string): Json {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: world.place.accountId,
    time: `${new Date(world.clock.nowMs()).toISOString().slice(0, 19)}Z`,
    region: world.place.region,
    resources: [ruleArn],
    detail: {},
  };
}
