/** How staging labels move: one version each, and AWSPREVIOUS follows AWSCURRENT by itself. */
import { AwsError } from '../aws-error.ts';
import { labelled, type Secret, type Version } from './secret.ts';

/** @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const maxLabels = 20;

/** @throws {AwsError} when the version has as many labels as it may have */
export function attach(secret: Secret, label: string, version: Version): void {
  const before = labelled(secret, label);
  if (before === version) return;
  if (version.labels.size >= maxLabels) {
    throw new AwsError(
      'LimitExceededException',
      `Version ${version.id} of secret ${secret.arn} has ${maxLabels} staging labels.`,
    );
  }
  before?.labels.delete(label);
  version.labels.add(label);
  if (label === 'AWSCURRENT' && before !== undefined) {
    labelled(secret, 'AWSPREVIOUS')?.labels.delete('AWSPREVIOUS');
    version.labels.delete('AWSPREVIOUS');
    before.labels.add('AWSPREVIOUS');
  }
}

export function detach(secret: Secret, label: string): void {
  labelled(secret, label)?.labels.delete(label);
}
