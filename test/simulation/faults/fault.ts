import type { Site } from '../site.ts';

/** Something that can befall a site. */
export interface Fault {
  readonly name: string;
  /** False: what it breaks stays broken, or somebody has to decide what was meant. */
  readonly heals: boolean;
  readonly befalls: (site: Site) => void;
}
