/**
 * What a report of a large estate costs, without the time that others take to answer: `npm run bench:report -- [hosts] [records] [one in so many open]`.
 * In a process of its own with the heap that Lambda gives Node at 512 MB.
 */
import { makeReport } from '../../lambda/reports/make-report.ts';
import { Deadline } from '../../lambda/rotation/deadline.ts';
import { aLargeSite } from './a-large-site.ts';

const [hosts = 10_000, recordsEach = 12, openEvery = 50] = process.argv.slice(2).map(Number);
const yearDays = 366;
const site = aLargeSite(hosts, recordsEach, openEvery);
const from = process.hrtime.bigint();
const cpuFrom = process.cpuUsage();
const { says } = await makeReport(
  yearDays,
  { partition: 'aws', region: 'eu-central-1', account: '123456789012' },
  site,
  Deadline.in(900_000, site.clock),
);
const seconds = Number(process.hrtime.bigint() - from) / 1e9;
const { user, system } = process.cpuUsage(cpuFrom);
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

console.log(says);
console.log(
  `${hosts} hosts, ${recordsEach} records each: ${seconds.toFixed(1)} s, of them ${((user + system) / 1e6).toFixed(1)} s of CPU; at most ${megabytes(process.resourceUsage().maxRSS * 1024)} of memory`,
);
for (const [name, bytes] of site.bytesOf) console.log(`  ${name.split('/').at(-1)}: ${megabytes(bytes)}`);
