import { listed } from './asked.ts';
import { dayMs } from './days.ts';
import type { Gathered, Outcome } from './gathered.ts';
import type { Stretch } from './report-shape.ts';

/** Up to so many days are shown one by one; a longer period by weeks. */
const mostDays = 62;

const fieldOf = {
  rotated: 'rotated',
  repaired: 'repaired',
  'rolled-back': 'rolledBack',
  refused: 'refused',
  stranded: 'stranded',
  other: 'other',
} as const satisfies Record<Outcome, keyof Stretch>;

/** What happened when, counted by day or week from the beginning of the period. */
export function timeLineOf({ period, records }: Pick<Gathered, 'period' | 'records'>): readonly Stretch[] {
  const [fromMs, toMs] = [Date.parse(period.from), Date.parse(period.to)];
  const stepMs = toMs - fromMs > mostDays * dayMs ? 7 * dayMs : dayMs;
  const stretches = Array.from({ length: Math.max(0, Math.ceil((toMs - fromMs) / stepMs)) }, (_, index) => ({
    from: new Date(fromMs + index * stepMs).toISOString(),
    to: new Date(Math.min(toMs, fromMs + (index + 1) * stepMs)).toISOString(),
    ...{ rotated: 0, repaired: 0, rolledBack: 0, refused: 0, stranded: 0, other: 0 },
  }));
  for (const { at, outcome } of listed(records)) {
    const stretch = stretches[Math.floor((Date.parse(at) - fromMs) / stepMs)];
    if (stretch !== undefined) stretch[fieldOf[outcome]] += 1;
  }
  return stretches;
}
