/** Who makes a call. Known by the access key id alone: signatures are not verified here. */
import { randomBytes } from 'node:crypto';
import type { Role } from './iam/role.ts';
import { arn, type Place } from './place.ts';

export type Principal =
  | { readonly kind: 'operator'; readonly arn: string }
  | {
      readonly kind: 'role';
      readonly role: Role;
      readonly arn: string;
      /** Set when a function's execution environment makes the call. */
      readonly functionArn?: string;
      readonly environmentId?: string;
    }
  /** An AWS service acting on behalf of a resource of this account. */
  | { readonly kind: 'service'; readonly service: string; readonly sourceArn: string };

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function operatorPrincipal(place: Place): Principal {
  return { kind: 'operator', arn: arn(place, 'iam', 'user/operator') };
}

export function roleSession(
  place: Place,
  role: Role,
  session: { readonly name: string; readonly functionArn?: string; readonly environmentId?: string },
): Principal {
  const { name, ...origin } = session;
  return { kind: 'role', role, arn: arn(place, 'sts', `assumed-role/${role.name}/${name}`), ...origin };
}

export function longTermCredentials(): Credentials {
  return { accessKeyId: `AKIA${randomKeyId()}`, secretAccessKey: randomBytes(30).toString('base64') };
}

export function sessionCredentials(): Credentials {
  return {
    accessKeyId: `ASIA${randomKeyId()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(60).toString('base64'),
  };
}

/** `AWS4-HMAC-SHA256 Credential=AKIA…/20260105/eu-central-1/ssm/aws4_request, …` */
export function accessKeyIdOf(authorization: string | undefined): string | undefined {
  return authorization?.match(/^AWS4-HMAC-SHA256 Credential=([A-Z0-9]{16,32})\//)?.[1];
}

export function nameOf(principal: Principal): string {
  return principal.kind === 'service' ? principal.service : principal.arn;
}

function randomKeyId(): string {
  return randomBytes(16).toString('hex').toUpperCase().slice(0, 16);
}
