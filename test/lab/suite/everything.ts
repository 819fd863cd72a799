import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArgvSampler } from '../argv-sampler.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { agentDown } from './agent-down.ts';
import { badInput, secretsOfBadInput } from './bad-input.ts';
import { gates, secretsOfGates } from './gates.ts';
import { leaks } from './leaks.ts';
import { records } from './records.ts';
import { repairs, secretsOfRepairs, windowsClosedForRepairs } from './repairs.ts';
import { requests, secretsOfRequests } from './requests.ts';
import { rollBacks, secretsOfRollBacks } from './roll-backs.ts';
import { rotations, secretsOfRotations } from './rotations.ts';
import { secretsOfSetupB, setupB } from './setup-b.ts';
import { secretsOfShadowAgents, shadowAgents } from './shadow-agent.ts';
import { tlsLibraries } from './tls-libraries.ts';
import { secretsOfTwoSecrets, twoSecrets } from './two-secrets.ts';

/** Everything that must be true in a lab of one version; the search for leaks comes last, over all that went before. */
export function everythingOn(version: ZabbixVersion): void {
  describe(`Zabbix ${version}`, () => {
    let running: Lab | undefined;
    let sampler: ArgvSampler | undefined;

    beforeAll(async () => {
      running = await startLab({
        version,
        // A tenth of 6.0's default, so that a run of some fifty rotations does not mostly wait. `npm run demo` keeps the default.
        server: { cacheUpdateFrequencyS: 6 },
        timeouts: { serverWaitS: 60, agentStartS: 10, proveTimeoutS: 150 },
        // The function looks after 4 s: the first look at every command misses it.
        habits: { closedWindows: windowsClosedForRepairs, invocationHiddenMs: 5_000 },
        secrets: [
          ...secretsOfRotations,
          ...secretsOfRollBacks,
          ...secretsOfSetupB,
          ...secretsOfGates,
          ...secretsOfShadowAgents,
          ...secretsOfRepairs,
          ...secretsOfRequests,
          ...secretsOfTwoSecrets,
          ...secretsOfBadInput,
        ],
      });
      sampler = await running.zabbix.sampleArguments();
    });
    afterAll(() => running?.stop());

    const lab = () => started(running);
    describe.concurrent('side by side', () => {
      // The longest first.
      rollBacks(lab);
      // A node that is away is waited for twice: by the rotation, and by the repair that looks after it.
      badInput(lab);
      setupB(lab);
      rotations(lab);
      gates(lab);
      shadowAgents(lab);
      repairs(lab);
      twoSecrets(lab);
      requests(lab);
    });
    agentDown(lab);
    tlsLibraries(lab);
    records(lab);
    leaks(lab, () => started(sampler));

    test('nothing was asked of the stand-in that it does not imitate, and nothing broke in it', () => {
      expect(lab().cloud.unsupported).toEqual([]);
      expect(lab().cloud.breakdowns).toEqual([]);
    });
  });
}

function started<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the lab did not start');
  return thing;
}
