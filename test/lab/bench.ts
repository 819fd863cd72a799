/**
 * What changing a key costs, measured on real Zabbix: this service beside the two orders of a plain script; and this service alone,
 * for each kind of thing that has a key.
 *
 *   npm run bench                                    6.0 and 7.0, 5 rotations of each order and agent; about 25 minutes
 *   npm run bench -- --zabbix 7.0 --rotations 1      a part; nothing is written
 *   npm run bench -- --draw                          draws picture and README's table again from the last results
 *   npm run bench -- --kinds                         6.0 and 7.0, 2 rotations of each kind, without and with reload; about 15 minutes
 *   npm run bench -- --kinds --zabbix 7.0 --kind host --kind active-proxy      a part; nothing is written
 *
 * A whole run writes docs/bench/results.json and time-lines.svg, or kinds.json, and a part of README.md. Exit code 1 when a budget is
 * not met; there are none for the kinds.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { draw, keep, keptResults } from './bench/keep.ts';
import * as ofKinds from './bench/kinds/keep.ts';
import { kinds } from './bench/kinds/kind.ts';
import { measureKinds } from './bench/kinds/measure-kinds.ts';
import { table as tableOfKinds } from './bench/kinds/table.ts';
import { measure } from './bench/measure.ts';
import { table } from './bench/table.ts';
import { Screen } from './demo/screen.ts';

const { values: options } = parseArgs({
  options: {
    zabbix: { type: 'string' },
    rotations: { type: 'string' },
    draw: { type: 'boolean', default: false },
    kinds: { type: 'boolean', default: false },
    kind: { type: 'string', multiple: true },
  },
});
const versions = ['6.0', '7.0'] as const;
const chosen = z.enum(versions).optional().parse(options.zabbix);
const chosenKinds = z.array(z.enum(kinds)).optional().parse(options.kind);
/** Fewer are a part, which is not kept. */
const whole = options.kinds ? 2 : 5;
const rotations = z.coerce.number().int().min(1).max(50).default(whole).parse(options.rotations);
const isWhole = chosen === undefined && chosenKinds === undefined && rotations >= whole;
const measured = chosen === undefined ? versions : [chosen];

const screen = new Screen();
if (options.draw) {
  if (options.kinds) ofKinds.quote(ofKinds.keptResults());
  else draw(keptResults());
} else if (options.kinds) {
  const results = await measureKinds(measured, chosenKinds ?? kinds, rotations, screen);
  show(tableOfKinds(results));
  if (isWhole) screen.line(`\nwritten: ${ofKinds.keep(results).join(', ')}`);
} else {
  const results = await measure(measured, rotations, screen);
  show(table(results));
  if (isWhole) screen.line(`\nwritten: ${keep(results).join(', ')}`);
  process.exitCode = results.budgets.every(({ met }) => met) ? 0 : 1;
}

function show(lines: readonly string[]): void {
  screen.line('');
  for (const line of lines) screen.line(line);
}
