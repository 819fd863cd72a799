/**
 * A pre-shared key is rotated on real Zabbix while you watch, and another rotation is rolled back.
 *
 *   npm run demo                          6.0, its cache renewed every 10 s so that nobody has to wait
 *   npm run demo -- --zabbix 7.0
 *   npm run demo -- --cache-update 60     as a 6.0 server does it when nobody has changed its configuration
 *
 * Exit code 0 only if every claim on the screen was checked and holds.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Screen, seconds } from './demo/screen.ts';
import { telling } from './demo/tell.ts';
import type { SmallHost } from './hosts/small-host.ts';
import { type Lab, startLab } from './lab.ts';
import { releases } from './release.ts';
import { debianRoot, rootIsBuilt } from './root.ts';
import { endOf, labelled, leftOn } from './suite/held.ts';

const { values: options } = parseArgs({
  options: { zabbix: { type: 'string', default: '6.0' }, 'cache-update': { type: 'string', default: '10' } },
});
const version = z.enum(['6.0', '7.0']).parse(options.zabbix);
const cacheUpdateFrequencyS = z.coerce.number().int().min(1).max(3600).parse(options['cache-update']);

const screen = new Screen();
const broken: string[] = [];
function claim(text: string, holds: boolean): void {
  screen.claim(text, holds);
  if (!holds) broken.push(text);
}

screen.line(
  `Rotation of Zabbix pre-shared keys, on real Zabbix ${version} and real agents; AWS is a local stand-in that runs the synthesized stack.`,
);
screen.title('Setting up');
if (!rootIsBuilt(releases[version]))
  await screen.during(`Debian's packages of Zabbix ${version} are fetched, once (about 2 minutes)`, () =>
    debianRoot(releases[version]),
  );
const lab = await screen.during(
  `Zabbix server, database and frontend run; the stack is synthesized and deployed; the server renews its cache every ${cacheUpdateFrequencyS} s`,
  () =>
    startLab({
      version,
      server: { cacheUpdateFrequencyS },
      secrets: ['db-01', 'zbx-agent-active-rocky'],
      timeouts: { agentStartS: 5 },
    }),
);
process.once('SIGINT', () => void lab.stop().finally(() => process.exit(130)));

try {
  const hosts = await screen.during(
    'two hosts are up and send values, encrypted with keys that nobody has ever changed',
    startHosts,
  );
  await rotateBoth(hosts);
  await rollBackOne(hosts[0]);
  whereToLook();
} finally {
  await lab.stop();
}
screen.line('');
screen.line(broken.length === 0 ? 'Every claim above was checked and holds.' : `${broken.length} claims do not hold.`);
process.exitCode = broken.length === 0 ? 0 : 1;

async function startHosts(): Promise<[SmallHost, SmallHost]> {
  const rocky = 'zbx-agent-active-rocky';
  const hosts = await Promise.all([
    lab.host({ name: 'db-01', agent: 'zabbix_agentd' }),
    lab.host({ name: rocky, agent: 'zabbix_agent2', identity: rocky, psk: randomBytes(128).toString('hex') }),
  ]);
  await lab.adopt('db-01', [hosts[0]]);
  await lab.adopt(rocky, [hosts[1]], { keyBytes: 128, identityMode: 'fixed' });
  return hosts;
}

async function rotateBoth(hosts: readonly SmallHost[]): Promise<void> {
  screen.title('1. Both keys are rotated');
  const fromMs = Date.now();
  const ends = await screen.during(
    'both rotations run; most of the time they wait for the server to renew its cache',
    () => telling(lab, screen, () => Promise.all(hosts.map(({ computerName }) => lab.rotate(computerName)))),
  );
  const untilMs = Date.now();
  await screen.during('two more values are waited for, to see what was lost', () =>
    Promise.all(hosts.map((host) => host.awaitValues(untilMs + 5_000))),
  );

  screen.line('');
  for (const [index, host] of hosts.entries()) {
    const name = host.computerName;
    const current = labelled(lab, name, 'AWSCURRENT');
    const versionId = ends[index]?.versionId ?? '';
    claim(
      `${name}: Secrets Manager, Zabbix and the node hold the same new key`,
      current?.versionId === versionId &&
        current.psk !== host.credential.psk &&
        host.keyInPlace() === current.psk &&
        (await host.zabbixHolds(current)),
    );
    const record = recorded(lab, name, versionId);
    claim(`${name}: the server refused the old key afterwards`, record.proofs.oldKey === 'refused');
    claim(`${name}: nothing of the rotation is left on the node`, (await leftOn(host)).length === 0);
    claim(
      `${name}: waited ${record.serverWaitS.toFixed(1)} s for the server, its agent was away for ${record.agentDownMs} ms (less than half a second)`,
      record.agentDownMs < 500,
    );
    const passive = await host.history('passive', { fromMs: fromMs - 10_000 });
    const active = await host.history('active', { fromMs: fromMs - 10_000 });
    claim(
      `${name}: longest hole in the data ${seconds(passive.longestHoleMs)} of an item polled every 5 s (at most 21 s), ${seconds(active.longestHoleMs)} of one sent every 1 s`,
      passive.longestHoleMs <= 21_000 && active.samplesMs.length > 0,
    );
  }
}

async function rollBackOne(host: SmallHost): Promise<void> {
  const name = host.computerName;
  screen.title(`2. ${name} is broken on purpose: its agent will not start with another key. It is rotated again`);
  await host.inflict('cannotStartWithNewKey');
  const before = labelled(lab, name, 'AWSCURRENT');
  const end = await screen.during('the rotation runs, fails and goes back', () =>
    telling(lab, screen, () => lab.rotate(name)),
  );
  const afterMs = Date.now();

  screen.line('');
  claim('Secrets Manager was told that the rotation failed, in one sentence', end.outcome === 'failed');
  screen.line(`    "${end.failures[0]?.errorMessage ?? ''}"`);
  claim(
    `${name} is on its old key: node, Zabbix and AWSCURRENT`,
    before !== undefined &&
      host.keyInPlace() === before.psk &&
      (await host.zabbixHolds(before)) &&
      labelled(lab, name, 'AWSCURRENT')?.versionId === before.versionId,
  );
  claim(
    'no label of the failed rotation is left, so the next one can start',
    labelled(lab, name, 'AWSPENDING') === undefined,
  );
  claim('nothing of it is left on the node', (await leftOn(host)).length === 0);
  await screen.during('its values come in again', () => host.awaitValues(afterMs, 150));
  claim(
    'on-call was told',
    lab.cloud.messages.some(({ message }) => message.includes(`zabbix-psk/${name}`)),
  );
}

function recorded(from: Lab, secret: string, versionId: string) {
  const shape = z.object({
    serverWaitS: z.number(),
    agentDownMs: z.number(),
    proofs: z.looseObject({ oldKey: z.string() }),
  });
  return z.tuple([shape]).parse(endOf(from, secret, versionId).targets)[0];
}

function whereToLook(): void {
  screen.title('Where to look next');
  screen.line('  README.md            deploy it in five minutes');
  screen.line('  docs/rotation.md     why the host follows the server, and what happens when something fails');
  screen.line('  docs/runbook.md      every error, what to look at, what to do');
  screen.line('  npm test             everything, on Zabbix 6.0 and 7.0');
}
