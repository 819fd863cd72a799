/**
 * Rotations that are cut short at every point, on real Zabbix: the function killed at every call it makes, the scripts, the
 * exchange's worker and the whole node at everything they do, on the way forward and on two ways back: of hosts, of an active proxy
 * with the agent on its machine, and of hosts that get their first key.
 *
 *   npm run test:crash                                 6.0 and 7.0, every point; some hours
 *   npm run test:crash -- --sample 60                  a fair sample of each version and of each of the three
 *   npm run test:crash -- --resume --minutes 10        goes on where the last run ended, for about so long a version and each of the three
 *   npm run test:crash -- --resume --again             … and tries again what has not ended well
 *   npm run test:crash -- --zabbix 7.0                 one version
 *   npm run test:crash -- --targets unencrypted        host, "proxy and agent" or unencrypted
 *   npm run test:crash -- --only "restore's worker"    the points whose names hold this text; nothing is written into the project
 *   npm run test:crash -- --parallel 6                 six rotations beside each other (default 12)
 *
 * What is tried is written down as it ends, by version and hash of the code (crash/tried.ts). At its end a run writes all that is known of
 * this code to docs/crash/results.json and README.md. Exit code 1 when a rotation has ended otherwise than it must or a key was found.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { computer } from './bench/computer.ts';
import { codeHash } from './crash/code.ts';
import { crashEverywhere } from './crash/crash-everywhere.ts';
import { settings } from './crash/crash-lab.ts';
import { keep } from './crash/keep.ts';
import { allTargets } from './crash/point.ts';
import { type CutShort, isWell, measured, type Results } from './crash/results.ts';
import { table } from './crash/table.ts';
import { TriedFile } from './crash/tried.ts';
import { Screen } from './demo/screen.ts';

const { values: options } = parseArgs({
  options: {
    zabbix: { type: 'string' },
    targets: { type: 'string' },
    sample: { type: 'string' },
    only: { type: 'string', default: '' },
    parallel: { type: 'string', default: '12' },
    minutes: { type: 'string' },
    resume: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
  },
});
const versions = ['6.0', '7.0'] as const;
const chosen = z.enum(versions).optional().parse(options.zabbix);
const targets = z.enum(allTargets).optional().parse(options.targets);
const sample = z.coerce.number().int().min(1).optional().parse(options.sample);
const parallel = z.coerce.number().int().min(1).max(40).parse(options.parallel);
const minutes = z.coerce.number().positive().optional().parse(options.minutes);

const screen = new Screen();
const code = codeHash();
const filesOf = versions.map((version) => ({ version, tried: new TriedFile(`${version}-${code}`) }));
for (const { version, tried } of filesOf) {
  if (chosen !== undefined && version !== chosen) continue;
  screen.title(`Zabbix ${version}, code ${code}`);
  if (!options.resume && options.only === '') tried.forget();
  for (const what of targets === undefined ? allTargets : [targets]) {
    const untilMs = minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
    await crashEverywhere(
      version,
      what,
      {
        ...{ only: options.only, sample: sample ?? Number.POSITIVE_INFINITY, parallel, untilMs },
        ...{ resume: options.resume, again: options.again },
      },
      tried,
      { during: (text, work) => screen.during(text, work), ended: tell },
    );
  }
}
const results: Results = {
  measuredAt: new Date().toISOString(),
  computer: computer(),
  settings,
  versions: filesOf.flatMap(({ version, tried }) => measured(version, code, tried.read())),
};
screen.line('');
for (const line of table(results)) screen.line(line);
if (options.only === '') screen.line(`written: ${keep(results).join(', ')}`);
process.exitCode = results.versions.every(isWell) ? 0 : 1;

function tell({ name, host, outcome, reached, retries, byHourlyLook, tookS, problems }: CutShort, left: number): void {
  const how = `${outcome}${reached ? '' : ', not reached'}${retries ? '' : ', repair'}${byHourlyLook ? ', by the hourly look' : ''}`;
  screen.fact(`${left} left`, `${name} · ${host} · ${how} · ${tookS} s`);
  for (const problem of problems) screen.claim(problem, false);
}
