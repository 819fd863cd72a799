/** How staging labels move: one version each, and AWSPREVIOUS follows AWSCURRENT by itself. */
import { labelled, type Secret, type Version } from './secret.ts';

export function attach(secret: Secret, label: string, version: Version): void {
  const before = labelled(secret, label);
  if (before === version) return;
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
