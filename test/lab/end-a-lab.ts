/**
 * Ends a lab on whose machine one command was killed and another still runs. As the first process of its PID namespace this one
 * reaps nobody else's children, as in many a container: for the test that a lab ends there, too.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Cell } from './cell.ts';
import { eventually } from './eventually.ts';
import { runCommand } from './hosts/run-command.ts';
import { releases } from './release.ts';
import { debianRoot } from './root.ts';

const cell = await Cell.start(await debianRoot(releases['6.0']));
const machine = await cell.machine('web-1');
const node = { instanceId: 'i-0123456789abcdef0', region: 'eu-central-1', platformVersion: '12' };

async function running(name: string) {
  const script = `touch /tmp/${name}; sleep 1000 & sleep 1000`;
  const command = runCommand(machine, node, script, { commandId: randomUUID(), step: 'run', environment: {} });
  await eventually(`${name} runs`, () => existsSync(machine.path(`/tmp/${name}`)));
  return command;
}

const killed = await running('killed');
const left = await running('left');
// There is nowhere to keep its output any more.
left.ended.catch(() => {});
killed.kill();
await killed.ended;
await cell.stop();
