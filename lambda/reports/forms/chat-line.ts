import { dayOf } from '../days.ts';
import type { Report } from '../report-shape.ts';
import { severities } from '../rules.ts';

/** One line for chat or a mail's subject. It names nobody: what a host is called cannot speak in a chat. */
export function chatLine({ asOf, summary }: Report): string {
  const { objects, encrypted, managed, open, waived, oldestKeyDays } = summary;
  const counts = severities.filter((severity) => open[severity] > 0).map((severity) => `${open[severity]} ${severity}`);
  const findings = counts.length === 0 ? 'nothing open' : `open: ${counts.join(', ')}`;
  const oldest = oldestKeyDays === undefined ? '' : ` · oldest key ${oldestKeyDays} days`;
  return `Zabbix keys on ${dayOf(asOf)}: ${findings}${waived > 0 ? ` (${waived} waived)` : ''} · ${encrypted} of ${objects} encrypted throughout · ${managed} rotated by us${oldest}`;
}
