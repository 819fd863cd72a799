/** The default bus: an event is remembered, matched against every rule and handed to their targets. */
import { randomUUID } from 'node:crypto';
import { metricDatum } from '../cloudwatch/alarm.ts';
import type { Json } from '../json.ts';
import { invokeAndRetry } from '../lambda/invoke.ts';
import type { EventRecord } from '../records.ts';
import { publish } from '../sns/topic.ts';
import type { World } from '../world.ts';
import { targetInput } from './input.ts';
import type { Rule, Target } from './rule.ts';

export function emit(
  world: World,
  event: Pick<EventRecord, 'detail-type' | 'source' | 'resources' | 'detail'>,
): EventRecord {
  const record: EventRecord = {
    version: '0',
    id: randomUUID(),
    account: world.place.accountId,
    time: `${new Date(world.clock.nowMs()).toISOString().slice(0, 19)}Z`,
    region: world.place.region,
    ...event,
  };
  world.records.events.push(record);
  const handed = [...world.rules.values()].flatMap((rule) =>
    rule.enabled && rule.wants?.({ ...record }) === true ? [fire(world, rule, { ...record })] : [],
  );
  world.handedOver.set(record.id, Promise.all(handed));
  return record;
}

/**
 * Every target gets the event; one that refuses it does not keep it from the others.
 *
 * @returns settles when all of them have dealt with it
 */
export async function fire(world: World, rule: Rule, event: Json): Promise<void> {
  for (const metric of ['MatchedEvents', 'TriggeredRules'])
    metricDatum(world, 'AWS/Events', metric, { RuleName: rule.name });
  const dealt = rule.targets.map((target) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    metricDatum(world, 'AWS/Events', 'Invocations', { RuleName: rule.name });
    world.background(`target ${target.id} of rule ${rule.name}`, () =>
      handOrBury(world, rule, target, event).finally(resolve),
    );
    return promise;
  });
  await Promise.all(dealt);
}

async function handOrBury(world: World, rule: Rule, target: Target, event: Json): Promise<void> {
  if (await hand(world, rule, target, event)) return;
  metricDatum(world, 'AWS/Events', 'FailedInvocations', { RuleName: rule.name });
  if (target.deadLetterArn !== undefined) deadLetter(world, rule, target.deadLetterArn, event);
}

async function hand(world: World, rule: Rule, target: Target, event: Json): Promise<boolean> {
  const service = { kind: 'service', service: 'events.amazonaws.com', sourceArn: rule.arn } as const;
  const ingestionTime = new Date(world.clock.nowMs()).toISOString();
  const input = targetInput(target, event, { ruleArn: rule.arn, ruleName: rule.name, ingestionTime });
  if (world.topics.has(target.arn)) {
    const message = typeof input === 'string' ? input : JSON.stringify(input);
    return publish(world, service, { topicArn: target.arn, message });
  }
  const queue = world.queues.get(target.arn);
  if (queue !== undefined) {
    const access = { action: 'sqs:SendMessage', resource: queue.arn, resourcePolicy: queue.policy };
    if (!world.permissions.may(service, access)) return false;
    queue.messages.push(JSON.stringify(input));
    return true;
  }
  const lambda = world.functions.get(target.arn);
  if (lambda === undefined) throw new Error(`target ${target.arn} does not exist`);
  const access = { action: 'lambda:InvokeFunction', resource: lambda.arn, resourcePolicy: lambda.policy };
  if (!world.permissions.may(service, access)) return false;
  await invokeAndRetry(world, lambda, input, service);
  return true;
}

function deadLetter(world: World, rule: Rule, queueArn: string, event: Json): void {
  const queue = world.queues.get(queueArn);
  if (queue === undefined) throw new Error(`dead-letter queue ${queueArn} does not exist`);
  const service = { kind: 'service', service: 'events.amazonaws.com', sourceArn: rule.arn } as const;
  const access = { action: 'sqs:SendMessage', resource: queue.arn, resourcePolicy: queue.policy };
  if (world.permissions.may(service, access)) queue.messages.push(JSON.stringify(event));
}
