import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agents } from '../hosts/agent.ts';
import type { Lab } from '../lab.ts';

const rotated = z.object({
  event: z.literal('rotation.ended'),
  outcome: z.literal('rotated'),
  targets: z.array(z.object({ target: z.string(), agentDownMs: z.number() })),
});

/** Over every rotation of the run. On an idle machine it is less than half a second (`npm run bench`); here three labs share its cores. */
export function agentDown(lab: () => Lab): void {
  describe('from stop to listening, by the node’s clock', () => {
    test('an agent is away for less than a second (median over at least 10 rotations)', () => {
      const targets = lab()
        .facts()
        .flatMap((fact) => rotated.safeParse(fact).data?.targets ?? []);
      for (const agent of Object.keys(agents)) {
        const hosts = lab().zabbix.hosts.filter((host) => host.agent === agent);
        const ofAgent = targets.filter(({ target }) => hosts.some(({ computerName }) => computerName === target));
        console.info(
          `${agent} was away for ${ofAgent.map(({ agentDownMs }) => agentDownMs).join(', ')} ms (Zabbix ${lab().zabbix.version})`,
        );
      }
      const downMs = targets.map(({ agentDownMs }) => agentDownMs).toSorted((a, b) => a - b);
      expect(downMs.length).toBeGreaterThanOrEqual(10);
      expect(downMs[Math.floor(downMs.length / 2)], `the median of ${downMs.join(', ')} ms`).toBeLessThan(1000);
    });
  });
}
