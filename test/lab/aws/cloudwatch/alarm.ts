/**
 * Alarms, much simplified: data are added up since the alarm was last OK, periods do not pass. An alarm that has gone off stays
 * so until `cloud.resetAlarms()`.
 */
import { publish } from '../sns/topic.ts';
import type { World } from '../world.ts';

export interface Alarm {
  readonly arn: string;
  readonly name: string;
  readonly logicalId: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly threshold: number;
  readonly comparison:
    | 'GreaterThanThreshold'
    | 'GreaterThanOrEqualToThreshold'
    | 'LessThanThreshold'
    | 'LessThanOrEqualToThreshold';
  readonly actions: readonly string[];
  readonly description: string | undefined;
  sum: number;
  state: 'OK' | 'ALARM';
}

/** One count of a metric, as the services, a metric filter or a rule report it. */
export function metricDatum(
  world: World,
  namespace: string,
  metric: string,
  dimensions: Readonly<Record<string, string>>,
): void {
  for (const alarm of world.alarms.values()) {
    if (alarm.namespace !== namespace || alarm.metric !== metric) continue;
    if (!sameDimensions(alarm.dimensions, dimensions)) continue;
    alarm.sum += 1;
    if (alarm.state === 'OK' && breaches(alarm)) goOff(world, alarm);
  }
}

function breaches({ comparison, sum, threshold }: Alarm): boolean {
  switch (comparison) {
    case 'GreaterThanThreshold':
      return sum > threshold;
    case 'GreaterThanOrEqualToThreshold':
      return sum >= threshold;
    // Less means "too little happened in a period", and periods do not pass here.
    case 'LessThanThreshold':
    case 'LessThanOrEqualToThreshold':
      return false;
  }
}

function goOff(world: World, alarm: Alarm): void {
  alarm.state = 'ALARM';
  const message = JSON.stringify({
    AlarmName: alarm.name,
    AlarmDescription: alarm.description ?? null,
    AWSAccountId: world.place.accountId,
    AlarmArn: alarm.arn,
    Region: world.place.region,
    NewStateValue: 'ALARM',
    OldStateValue: 'OK',
    NewStateReason: `Threshold Crossed: ${alarm.sum} against ${alarm.comparison} ${alarm.threshold}`,
    StateChangeTime: new Date(world.clock.nowMs()).toISOString(),
    Trigger: { MetricName: alarm.metric, Namespace: alarm.namespace },
  });
  const service = { kind: 'service', service: 'cloudwatch.amazonaws.com', sourceArn: alarm.arn } as const;
  for (const topicArn of alarm.actions) {
    publish(world, service, { topicArn, message, subject: `ALARM: "${alarm.name}" in ${world.place.region}` });
  }
}

/** A metric with dimensions is another metric than one without them. */
function sameDimensions(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
