import { paginateListSecrets, type SecretListEntry, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { goingBackLabel, secretNamePrefix } from '../contract.ts';
import { lastOf, waitingOf } from './waiting-label.ts';

/** Every secret of ours with its dates, schedule and labels; no value. */
export async function listPolicies(client: SecretsManagerClient) {
  const found: ReturnType<typeof toPolicy>[] = [];
  const pages = paginateListSecrets({ client }, { Filters: [{ Key: 'name', Values: [secretNamePrefix] }] });
  for await (const { SecretList } of pages) found.push(...(SecretList ?? []).map(toPolicy));
  return found;
}

function toPolicy({
  ARN = '',
  Name = '',
  RotationEnabled,
  RotationRules,
  SecretVersionsToStages,
  ...dates
}: SecretListEntry) {
  const stages = Object.entries(SecretVersionsToStages ?? {});
  const carrying = (label: string) => stages.find(([, labels]) => labels.includes(label))?.[0];
  const [current, pending, previous] = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'].map(carrying);
  const waitsUntil = lastOf(stages.flatMap(([version, labels]) => waitingOf(version, labels)));
  const { ScheduleExpression: schedule } = RotationRules ?? {};
  const created = iso(dates.CreatedDate) ?? iso(dates.LastChangedDate) ?? new Date(0).toISOString();
  return {
    arn: ARN,
    name: Name,
    rotationEnabled: RotationEnabled === true,
    ...given('schedule', schedule),
    created,
    changed: iso(dates.LastChangedDate) ?? created,
    ...given('rotated', iso(dates.LastRotatedDate)),
    ...given('next', iso(dates.NextRotationDate)),
    // AWSPENDING may legally stay on the version that is current.
    unfinished: (pending !== undefined && pending !== current) || carrying(goingBackLabel) !== undefined,
    ...given('waitsUntil', iso(waitsUntil === undefined ? undefined : new Date(waitsUntil.ms))),
    versions: { ...given('current', current), ...given('pending', pending), ...given('previous', previous) },
  };
}

function iso(date: Date | undefined): string | undefined {
  return date?.toISOString();
}

function given<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  const made: { [key in K]?: V } = {};
  if (value !== undefined) made[key] = value;
  return made;
}
