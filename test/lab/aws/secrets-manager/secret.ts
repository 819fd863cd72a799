/** A secret as Secrets Manager keeps it: versions, the labels on them, and the rotation that may be going on. */
import { AwsError } from '../aws-error.ts';
import type { Statement } from '../iam/statement.ts';
import { arn } from '../place.ts';
import type { World } from '../world.ts';
import type { RotationRun } from './rotation-run.ts';
import type { RotationRules } from './schedule.ts';

export interface SecretValue {
  readonly string?: string | undefined;
  /** base64, as on the wire */
  readonly binary?: string | undefined;
}

export interface Version {
  readonly id: string;
  /** Undefined: the placeholder that a starting rotation puts under AWSPENDING. */
  value: SecretValue | undefined;
  readonly labels: Set<string>;
  readonly createdMs: number;
  /** ARN of the role or user that wrote the value. */
  writtenBy: string | undefined;
  writtenMs: number;
  /** Reads by version id that will not find it yet. */
  hiddenReads: number;
}

export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdMs: number;
  changedMs: number;
  policy: readonly Statement[];
  readonly versions: Map<string, Version>;
  rotation: RotationConfiguration | undefined;
  lastRotatedMs: number | undefined;
  nextRotationMs: number | undefined;
  /** The latest rotation; `run.state` says whether it is still open. */
  run: RotationRun | undefined;
  deletedMs: number | undefined;
}

export interface RotationConfiguration {
  readonly enabled: boolean;
  readonly functionArn: string;
  readonly rules: RotationRules;
}

/** By name, by ARN, or by the ARN without the six random characters. */
export function lookUp(world: World, id: string): Secret | undefined {
  return (
    world.secrets.get(id) ??
    [...world.secrets.values()].find(
      (secret) => secret.name === id || secret.arn.replace(/-[A-Za-z0-9]{6}$/, '') === id,
    )
  );
}

/** What IAM is asked about: a secret that does not exist still has a name that a policy may or may not cover. */
export function resourceArn(world: World, id: string): string {
  return lookUp(world, id)?.arn ?? (id.startsWith('arn:') ? id : arn(world.place, 'secretsmanager', `secret:${id}`));
}

export function find(world: World, id: string): Secret {
  const secret = lookUp(world, id);
  if (secret === undefined) {
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  return secret;
}

export function findAlive(world: World, id: string): Secret {
  const secret = find(world, id);
  if (secret.deletedMs !== undefined) {
    throw new AwsError(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }
  return secret;
}

export function labelled(secret: Secret, label: string): Version | undefined {
  return [...secret.versions.values()].find(({ labels }) => labels.has(label));
}

/** Seconds since 1970, the way dates leave the service. */
export function seconds(ms: number): number {
  return ms / 1000;
}

export function labelsByVersion(secret: Secret): Record<string, string[]> {
  return Object.fromEntries(
    [...secret.versions.values()].filter(({ labels }) => labels.size > 0).map(({ id, labels }) => [id, [...labels]]),
  );
}
