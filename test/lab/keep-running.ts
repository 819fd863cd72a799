/**
 * Real Zabbix, two hosts and the deployed stack, kept running until Ctrl-C: to look around, to try, to develop against.
 *
 *   npm run lab
 *   npm run lab -- --zabbix 7.0
 *   npm run lab -- --cache-update 10     the server renews its cache every 10 s (default: as its version does, 60 or 10)
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Screen } from './demo/screen.ts';
import { telling } from './demo/tell.ts';
import { startLab } from './lab.ts';
import { releases } from './release.ts';
import { debianRoot, rootIsBuilt } from './root.ts';
import { whatToTry } from './what-to-try.ts';

const { values: options } = parseArgs({
  options: { zabbix: { type: 'string', default: '6.0' }, 'cache-update': { type: 'string' } },
});
const version = z.enum(['6.0', '7.0']).parse(options.zabbix);
const cacheUpdateFrequencyS = z.coerce.number().int().min(1).max(3600).optional().parse(options['cache-update']);

const screen = new Screen();

if (!rootIsBuilt(releases[version]))
  await screen.during(`Debian's packages of Zabbix ${version} are fetched, once (about 2 minutes)`, () =>
    debianRoot(releases[version]),
  );
const lab = await screen.during(`Zabbix ${version} runs and the stack is deployed`, () =>
  startLab({
    version,
    server: cacheUpdateFrequencyS === undefined ? {} : { cacheUpdateFrequencyS },
    secrets: ['web-01', 'db-01'],
    timeouts: { agentStartS: 5 },
  }),
);
try {
  const hosts = await screen.during('two hosts send values, encrypted, and are adopted', async () => {
    const [web, db] = await Promise.all([
      lab.host({ name: 'web-01', agent: 'zabbix_agent2' }),
      lab.host({ name: 'db-01', agent: 'zabbix_agentd', instanceId: 'mi-0123456789abcdef0' }),
    ]);
    await lab.adopt('web-01', [web]);
    await lab.adopt('db-01', [db]);
    return [web, db];
  });
  // Not before: until here Ctrl-C may end this process as it is, and all that it started ends with it.
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  for (const line of whatToTry(lab, hosts)) screen.line(line);
  await telling(lab, screen, () => stopped);
} finally {
  screen.line('');
  await screen.during('everything is stopped; nothing is left of it', () => lab.stop());
}
