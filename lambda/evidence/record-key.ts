import { recordsPrefix } from '../contract.ts';

const digits = 8;

/** The folder of one secret's records. The name of a secret may hold slashes, so that folders may lie in each other. */
export function recordFolder(secretName: string): string {
  return `${recordsPrefix}${secretName}/`;
}

/** The sequence alone makes the key: two writers of one sequence meet in the same object, which takes only the first. */
export function recordKey(secretName: string, sequence: number): string {
  return `${recordFolder(secretName)}${String(sequence).padStart(digits, '0')}.json`;
}

/** @returns undefined for what is no record of this secret */
export function sequenceOf(key: string, secretName: string): number | undefined {
  const [, sequence] = /\/(\d{8})\.json$/.exec(key) ?? [];
  if (sequence === undefined || key !== recordKey(secretName, Number(sequence))) return undefined;
  return Number(sequence);
}
