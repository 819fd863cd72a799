import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArgvSampler } from '../argv-sampler.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { faultsOfAgent, secretsOfAgent } from './faults-agent.ts';
import { faultsOfNode, secretsOfNode } from './faults-node.ts';
import { cacheUpdateFrequencyS, faultsOfRestarts, secretsOfRestarts } from './faults-restarts.ts';
import { faultsOfRunCommand, secretsOfRunCommand } from './faults-run-command.ts';
import { faultsOfSecretsManager, secretsOfSecretsManager } from './faults-secrets-manager.ts';
import { faultsOfSharedCalls } from './faults-shared-calls.ts';
import { faultsOfZabbix, secretsOfZabbix } from './faults-zabbix.ts';
import { leaks } from './leaks.ts';

/** An agent may take 20 s to start, and is given half as much again; the server, ten renewals of its cache: with fifty hosts beside each other a node asks it every six seconds. */
const patience = { serverWaitS: 60, agentStartS: 30, proveTimeoutS: 120 };

/** Every named fault on one Zabbix, side by side; what the whole of Zabbix goes through has another one, at the same time. */
export function faultsOn(version: ZabbixVersion): void {
  describe(`Zabbix ${version}`, () => {
    let running: Lab | undefined;
    let sampler: ArgvSampler | undefined;
    const lab = () => started(running);

    beforeAll(async () => {
      running = await startLab({
        version,
        server: { cacheUpdateFrequencyS: 6 },
        timeouts: patience,
        secrets: [
          ...secretsOfSecretsManager,
          ...secretsOfRunCommand,
          ...secretsOfNode,
          ...secretsOfAgent,
          ...secretsOfZabbix,
        ],
      });
      sampler = await running.zabbix.sampleArguments();
    });
    afterAll(() => running?.stop());

    describe.concurrent('one fault, one host', () => {
      // The longest first.
      faultsOfRunCommand(lab);
      faultsOfAgent(lab);
      faultsOfZabbix(lab, patience);
      faultsOfNode(lab);
      faultsOfSecretsManager(lab, patience);
      faultsOfSharedCalls(lab, patience);
    });
    describe('afterwards', () => {
      leaks(lab, () => started(sampler));
      test('nothing was asked of the stand-in that it does not imitate, and nothing broke in it', () => {
        expect(lab().cloud.unsupported).toEqual([]);
        expect(lab().cloud.breakdowns).toEqual([]);
      });
    });
  });
}

/** A lab of its own, because a restart and a slow cache are everybody's. */
export function restartsOn(version: ZabbixVersion): void {
  describe(`Zabbix ${version}, restarted`, () => {
    let running: Lab | undefined;
    beforeAll(async () => {
      running = await startLab({
        version,
        server: { cacheUpdateFrequencyS },
        timeouts: { serverWaitS: 20, agentStartS: 10, proveTimeoutS: 120 },
        secrets: secretsOfRestarts,
      });
    });
    afterAll(() => running?.stop());
    faultsOfRestarts(() => started(running));
  });
}

function started<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the lab did not start');
  return thing;
}
