/** Where everything lives, and what AWS calls things there. */
import { randomBytes } from 'node:crypto';

export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

export const defaultPlace: Place = { partition: 'aws', region: 'eu-central-1', accountId: '123456789012' };

/** IAM is global: its ARNs name no region. */
export function arn(place: Place, service: string, resource: string): string {
  const region = service === 'iam' || service === 'sts' ? '' : place.region;
  return `arn:${place.partition}:${service}:${region}:${place.accountId}:${resource}`;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export function randomName(length: number): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** The name CloudFormation gives a resource that has none: stack, logical id, 12 random characters. */
export function generatedName(stackName: string, logicalId: string, maxLength = 64): string {
  const suffix = randomName(12).toUpperCase();
  return `${`${stackName}-${logicalId}`.slice(0, maxLength - suffix.length - 1)}-${suffix}`;
}
