/**
 * What changing a key costs, measured on real Zabbix: this service beside the two orders of a plain script.
 *
 *   npm run bench                                    6.0 and 7.0, 5 rotations of each order and agent; about 25 minutes
 *   npm run bench -- --zabbix 7.0 --rotations 1      a part; nothing is written
 *   npm run bench -- --draw                          draws picture and README's table again from the last results
 *
 * A whole run writes docs/bench/results.json, time-lines.svg and a part of README.md. Exit code 1 when a budget is not met.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { draw, keep, keptResults } from './bench/keep.ts';
import { measure } from './bench/measure.ts';
import { table } from './bench/table.ts';
import { Screen } from './demo/screen.ts';

const { values: options } = parseArgs({
  options: {
    zabbix: { type: 'string' },
    rotations: { type: 'string', default: '5' },
    draw: { type: 'boolean', default: false },
  },
});
const versions = ['6.0', '7.0'] as const;
const chosen = z.enum(versions).optional().parse(options.zabbix);
const rotations = z.coerce.number().int().min(1).max(50).parse(options.rotations);

const screen = new Screen();
if (options.draw) {
  draw(keptResults());
} else {
  const results = await measure(chosen === undefined ? versions : [chosen], rotations, screen);
  screen.line('');
  for (const line of table(results)) screen.line(line);
  if (chosen === undefined && rotations >= 5) screen.line(`\nwritten: ${keep(results).join(', ')}`);
  process.exitCode = results.budgets.every(({ met }) => met) ? 0 : 1;
}
