import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { instanceIdOf } from '../hosts/managed-machine.ts';
import { deployBeside, type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { sharesKey } from './behind-proxy.ts';
import { endOf, labelled } from './held.ts';
import { currentOf } from './proxies.ts';

const timeouts = { serverWaitS: 150, agentStartS: 10, proveTimeoutS: 150 };

/** What a reload saves, on a server and proxies that keep every default of their version. */
export function reloadsOn(version: ZabbixVersion): void {
  describe(`Zabbix ${version} with its own defaults`, () => {
    let running: Lab | undefined;
    let withoutNodes: Lab | undefined;
    const started = (lab: Lab | undefined): Lab => {
      if (lab === undefined) throw new Error('the lab did not start');
      return lab;
    };
    const lab = () => started(running);

    beforeAll(async () => {
      running = await startLab({
        version,
        // Its role may read proxies by name, too.
        rotates: 'proxies',
        secrets: ['told', 'behind', 'behind-back'],
        reload: { servers: [instanceIdOf('zabbix')], proxies: { edge: instanceIdOf('edge') } },
        timeouts,
      });
      withoutNodes = await deployBeside(running, ['untold'], timeouts);
    });
    afterAll(async () => {
      await withoutNodes?.stop();
      await running?.stop();
    });

    test('a host follows the server within seconds when that is told to reload, and when it renews its cache without', async () => {
      const [told, untold] = await Promise.all(
        (['told', 'untold'] as const).map((name) => lab().host({ name, agent: 'zabbix_agentd' })),
      );
      if (told === undefined || untold === undefined) throw new RangeError('two hosts');
      await lab().adopt('told', [told]);
      started(withoutNodes).cloud.addNode(untold.node);
      await started(withoutNodes).adopt('untold', [untold]);

      // One after the other: the reload for one would serve the other, too.
      const withReload = await rotated(lab(), 'told');
      const without = await rotated(started(withoutNodes), 'untold');

      await sharesKey(told, currentOf(lab(), 'told'));
      expect(withReload).toMatchObject({ gate: 'shadow-agent', reloads: ['server'] });
      expect(without.reloads).toBeUndefined();
      expect(withReload.waitedS).toBeLessThan(6);
      console.info(
        `${version}, given to accepted by the server: ${withReload.waitedS} s when told to reload, ${without.waitedS} s when not`,
      );
    });

    test('a host behind an active proxy follows it within seconds, and goes back when it does not come up', async () => {
      const proxy = await lab().proxy({ name: 'edge' });
      const [behind, back] = await Promise.all(
        (['behind', 'behind-back'] as const).map((name) => lab().host({ name, behind: proxy, agent: 'zabbix_agentd' })),
      );
      if (behind === undefined || back === undefined) throw new RangeError('two hosts');
      await Promise.all([lab().adopt('behind', [behind]), lab().adopt('behind-back', [back])]);
      await back.inflict('cannotStartWithNewKey');

      const [forward, { outcome, failures }] = await Promise.all([
        rotated(lab(), 'behind'),
        lab().rotate('behind-back'),
      ]);
      await sharesKey(behind, currentOf(lab(), 'behind'));
      expect(forward).toMatchObject({ gate: 'shadow-agent', reloads: ['server', 'proxy edge'] });
      expect(forward.waitedS).toBeLessThan(8);
      console.info(`${version}, given to accepted by the active proxy: ${forward.waitedS} s when told to reload`);

      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(/rolled back: behind-back is proven to be on the old key again/);
      expect(labelled(lab(), 'behind-back', 'AWSPENDING')).toBeUndefined();
      await sharesKey(back, back.credential);
    });

    test('no reload was refused, and nothing was asked of the stand-in that it does not imitate', () => {
      expect(
        lab()
          .facts()
          .filter(({ event }) => event === 'cache.notReloaded'),
      ).toEqual([]);
      expect(lab().cloud.unsupported).toEqual([]);
      expect(lab().cloud.denials).toEqual([]);
      expect(lab().cloud.breakdowns).toEqual([]);
    });
  });
}

const endShape = z.object({
  targets: z.tuple([
    z.object({
      gate: z.string(),
      switchedAt: z.string(),
      agentDownMs: z.number(),
      reloads: z.array(z.string()).optional(),
    }),
  ]),
});

/** Rotates, and tells how long it took from the give until the key was accepted. */
async function rotated(lab: Lab, secret: string) {
  const { outcome, failures, versionId } = await lab.rotate(secret);
  expect(failures).toEqual([]);
  expect(outcome).toBe('succeeded');
  const { gate, switchedAt, agentDownMs, reloads } = endShape.parse(endOf(lab, secret, versionId)).targets[0];
  // One computer, one clock: the agent is stopped when the key has been accepted.
  const giving = lab.facts(secret).find(({ event, token }) => event === 'zabbix.giving' && token === versionId);
  const waitedMs = Date.parse(switchedAt) - agentDownMs - Date.parse(giving?.at ?? '');
  return { gate, reloads, waitedS: waitedMs / 1000 };
}
