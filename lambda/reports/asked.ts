import { ServiceError } from '../errors.ts';
import type { Asked } from './gathered.ts';

/** What is known of a list. That the rest is unknown is told by a finding, so nothing is lost by going on without it. */
export function listed<T>(list: Asked<readonly T[]>): readonly T[] {
  return 'known' in list ? list.known : [];
}

/** Only what a party may answer is taken for an answer; anything else is a mistake of ours and ends the report. */
export async function askedOf<T>(ask: () => Promise<T>): Promise<Asked<T>> {
  try {
    return { known: await ask() };
  } catch (error) {
    if (error instanceof ServiceError || (error instanceof Error && error.name === 'S3Refused'))
      return { unknown: error.message };
    throw error;
  }
}
