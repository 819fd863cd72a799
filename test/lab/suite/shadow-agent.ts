import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../eventually.ts';
import type { AgentKind } from '../hosts/agent.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import { query } from '../zabbix/database.ts';

export const secretsOfShadowAgents = ['shadow-agentd', 'shadow-agent2'];

/** More values than an agent keeps by default (BufferSize=100): it sends them at once. */
const items = 110;

/**
 * The gate's shadow agent asks for the host's active checks, as the agent does: the server takes that for a registration, and gives it
 * the host's items.
 */
export function shadowAgents(lab: () => Lab): void {
  describe('an agent that registers with metadata and has items of its own', () => {
    test.each([
      ['zabbix_agentd', 'shadow-agentd'],
      ['zabbix_agent2', 'shadow-agent2'],
    ] as const)('%s: a rotation registers nobody anew, and no item becomes unsupported', async (agent, name) => {
      const host = await hostWithItemsOfItsOwn(lab(), agent, name);
      const registered = await registrations(lab(), name);
      expect(registered).not.toBe(0);

      expect(await lab().rotate(name)).toMatchObject({ outcome: 'succeeded', failures: [] });
      await host.awaitValues(Date.now());

      expect(lab().facts(name)).toContainEqual(
        expect.objectContaining({ event: 'target.switched', gate: 'shadow-agent' }),
      );
      expect(await registrations(lab(), name)).toBe(registered);
      expect(lab().zabbix.server.log()).not.toContain(`item "${name}:own`);
    });
  });
}

async function hostWithItemsOfItsOwn(lab: Lab, agent: AgentKind, name: string): Promise<SmallHost> {
  const { api, server, serverMachine } = lab.zabbix;
  const host = await lab.host({ name, agent, activeEveryS: 5 });
  await api.create('action.create', {
    name: `register ${name}`,
    eventsource: 2,
    filter: { evaltype: 0, conditions: [{ conditiontype: 22, operator: 2, value: name }] },
    operations: [{ operationtype: 2 }],
  });
  const own = { hostid: host.monitored.hostId, type: 7, value_type: 3, delay: '5s' };
  const keys = Array.from({ length: items }, (_, nth) => ({ ...own, name: `own ${nth}`, key_: `own[${nth}]` }));
  await api.call('item.create', keys, z.unknown());
  await server.reloadConfigurationCache();
  // What an agent registers as may come from a command of its own.
  host.machine.write(
    `${host.paths.dropIn.slice(0, host.paths.dropIn.lastIndexOf('/'))}/own.conf`,
    'UserParameter=own[*],echo $1\nUserParameter=own.metadata,echo linux of this lab\nHostMetadataItem=own.metadata\n',
  );
  await host.restartAgent();
  await eventually(
    `${name} sends its items`,
    async () => (await query(serverMachine, 'zabbix', ownValues(host))).join('') === `${items}`,
    { withinS: 60, everyMs: 1_000 },
  );
  await lab.adopt(name, [host]);
  return host;
}

function ownValues({ monitored }: SmallHost): string {
  return `select count(distinct h.itemid) from history_uint h join items i using (itemid) where i.hostid = ${monitored.hostId} and i.key_ like 'own[%';`;
}

/** How often Zabbix has taken this host for one that registers. */
async function registrations({ zabbix }: Lab, name: string): Promise<number> {
  const [count] = await query(
    zabbix.serverMachine,
    'zabbix',
    `select count(*) from events e join autoreg_host a on a.autoreg_hostid = e.objectid where e.source = 2 and e.object = 3 and a.host = '${name}';`,
  );
  return Number(count);
}
