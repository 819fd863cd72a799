/** A fault as a row: what goes wrong, when, and on which key both sides end. */
import { describe, expect, test } from 'vitest';
import type { SmallHost, SmallHostOptions } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { type EndsOn, sharesOneKey } from './faults-end.ts';

export interface FaultRow {
  /** of the host and of its secret */
  readonly name: string;
  /** what goes wrong, and how it ends */
  readonly title: string;
  readonly host?: Partial<SmallHostOptions>;
  /** Done after the host was adopted, before the rotation. */
  readonly trouble: (lab: Lab, host: SmallHost) => Promise<unknown> | unknown;
  readonly endsOn: EndsOn;
  /** What the first failed try says; without it no try may fail. */
  readonly says?: RegExp;
}

/** One rotation for each row. */
export function faultRows(party: string, lab: () => Lab, rows: readonly FaultRow[]): void {
  describe(party, () => {
    test.each(rows)('$title', async ({ name, host: options = {}, trouble, endsOn, says }) => {
      const host = await adoptedHost(lab(), name, options);
      await trouble(lab(), host);

      const end = await lab().rotate(name);

      if (says === undefined) expect(end.failures).toEqual([]);
      else expect(end.failures[0]?.errorMessage).toMatch(says);
      await sharesOneKey(lab(), host, end, endsOn);
    });
  });
}

/** A host that is adopted by a secret of its own name. */
export async function adoptedHost(lab: Lab, name: string, options: Partial<SmallHostOptions> = {}): Promise<SmallHost> {
  const host = await lab.host({ name, agent: 'zabbix_agentd', ...options });
  await lab.adopt(name, [host]);
  return host;
}
