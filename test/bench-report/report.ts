/** The report function as Lambda would start it, once. Tells what it used when it has ended. */
import { environmentKeys, verbs } from '../../lambda/contract.ts';
import { accessSecret } from './answers.ts';

const [days = 366, secondsGiven = 900] = process.argv.slice(2).map(Number);
for (const verb of verbs) process.env[`DOCUMENT_${verb.toUpperCase()}`] = verb;
process.env[environmentKeys.zabbixAccessSecret] = accessSecret;
process.env[environmentKeys.evidenceBucket] = 'bucket';
process.env[environmentKeys.fingerprintSecret] = 'unused';
const { handler } = await import('../../lambda/report.ts');

// Loading the code is Lambda's initialisation, which has a whole core.
const from = performance.now();
const cpuFrom = process.cpuUsage();
const { says } = await handler(
  { report: { days } },
  {
    getRemainingTimeInMillis: () => secondsGiven * 1_000 - (performance.now() - from),
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:report',
  },
);
const { user, system } = process.cpuUsage(cpuFrom);
const { maxRSS } = process.resourceUsage();
const seconds = (performance.now() - from) / 1_000;
process.send?.({ says, seconds, cpuSeconds: (user + system) / 1e6, maxRssBytes: maxRSS * 1_024 });
process.disconnect();
