import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../eventually.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import type { ApiReaction } from '../zabbix/api-traffic.ts';
import { type Aimed, aim, moments } from './faults-aimed.ts';
import { type Patience, withDeployment } from './faults-beside.ts';
import { keyInZabbix, keyOnDisk, repaired, sharesOneKey, tellsNoKey, worksWith } from './faults-end.ts';
import { adoptedHost, type FaultRow, faultRows } from './faults-rows.ts';

const foreign = { identity: 'somebody-elses-in-zabbix', psk: 'cd'.repeat(32) };

const rows: readonly FaultRow[] = [
  {
    name: 'api-fails',
    title: 'every method of Zabbix’ API answers 503 once: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, eachMethodOnce({ status: 503 })),
    endsOn: 'new',
  },
  {
    name: 'api-slow',
    title: 'every answer of Zabbix’ API takes 2 s: the rotation goes on and ends on the new key',
    trouble: (lab, host) =>
      aim(lab, host, {
        answered: async (): Promise<ApiReaction> => {
          await pause(2_000);
          return 'pass';
        },
      }),
    endsOn: 'new',
  },
  {
    name: 'api-hangs',
    title:
      'the answer to host.update comes after the 20 s that the function waits: it asks again and ends on the new key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.zabbixIsTold(() => pause(25_000)),
      ),
    endsOn: 'new',
  },
  {
    name: 'update-lost',
    title: 'the answer to host.update is lost after it was applied: the rotation goes on and ends on the new key',
    trouble: (lab, host) => aim(lab, host, loseUpdates(1)),
    endsOn: 'new',
  },
  {
    name: 'updates-lost',
    title:
      'every answer to host.update of one try is lost after it was applied: the try fails, and both sides end on one key',
    trouble: (lab, host) => aim(lab, host, loseUpdates(3)),
    endsOn: 'either',
    says: /it may still have taken the new key of updates-lost; the rotation stays open/,
  },
  {
    name: 'maintained',
    title:
      'the host is put into maintenance with data collection in mid-rotation: the rotation goes on and ends on the new key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.zabbixIsTold(() => maintain(lab, host, withData)),
      ),
    endsOn: 'new',
  },
  {
    name: 'hand-in-zabbix',
    title: 'somebody changes the host’s key in Zabbix after the switch: both sides are taken back to the old key',
    trouble: (lab, host) =>
      aim(
        lab,
        host,
        moments.agentHasSwitched(() => host.giveZabbix(foreign)),
      ),
    endsOn: 'old',
    says: /rolled back: hand-in-zabbix is proven to be on the old key again/,
  },
];

export const secretsOfZabbix = [...rows.map(({ name }) => name), 'disabled', 'unheard'];

export function faultsOfZabbix(lab: () => Lab, patience: Patience): void {
  faultRows('Zabbix', lab, rows);

  describe('Zabbix, with a human', () => {
    test('the host is disabled in mid-rotation: one sentence says which key is where, and once it is enabled a repair ends on one of the two', async () => {
      const host = await adoptedHost(lab(), 'disabled');
      const enable = (yes: boolean) =>
        lab().zabbix.api.call('host.update', { hostid: host.monitored.hostId, status: yes ? 0 : 1 }, z.unknown());
      aim(
        lab(),
        host,
        moments.agentHasSwitched(() => enable(false)),
      );

      const end = await lab().rotate('disabled');

      expect(end.failures.map(({ errorMessage }) => errorMessage).join('; ')).toMatch(
        /"disabled" is disabled in Zabbix/,
      );
      expect(keyOnDisk(lab(), host)).toMatch(/^AWS/);
      expect(await keyInZabbix(lab(), host)).toBe(keyOnDisk(lab(), host));
      tellsNoKey(lab(), 'disabled');
      await enable(true);
      await lab().zabbix.server.reloadConfigurationCache();
      await repaired(lab(), host, end, 'either');
    });

    test('the host is put into a maintenance without data in mid-rotation: both sides have the new key, which is AWSPENDING, and once it has ended a repair ends on it', async () => {
      const host = await adoptedHost(lab(), 'unheard');
      let maintenanceId = '';
      aim(lab(), host, {
        asked: async ({ method }) => {
          if (method !== 'host.update') return 'pass';
          maintenanceId ||= await maintain(lab(), host, withoutData);
          // The server begins and ends maintenances at the full minute, and the function waits 20 s for an answer.
          return isUnheard(lab(), host, true, 15).then(
            () => 'pass',
            () => ({ status: 503 }),
          );
        },
      });
      await eventually('the full minute is near', () => new Date().getUTCSeconds() >= 30, { withinS: 61 });

      const end = await lab().rotate('unheard');

      expect(end.failures[0]?.errorMessage).toMatch(/"unheard" is in a maintenance without data collection/);
      expect([keyOnDisk(lab(), host), await keyInZabbix(lab(), host)]).toEqual(['AWSPENDING', 'AWSPENDING']);
      tellsNoKey(lab(), 'unheard');
      await lab().zabbix.api.call('maintenance.delete', [maintenanceId], z.unknown());
      await lab().zabbix.server.reloadConfigurationCache();
      await isUnheard(lab(), host, false, 75);
      await repaired(lab(), host, end, 'new');
    });

    test('the function’s session has ended: it signs in again and the rotation ends on the new key', async () => {
      await withDeployment(lab(), 'session-ended', patience, { signIn: 'user' }, async (beside, host) => {
        aim(
          beside,
          host,
          moments.zabbixIsTold(() => endSessions(beside)),
        );
        const end = await beside.rotate('session-ended');
        expect(end.failures).toEqual([]);
        await sharesOneKey(beside, host, end, 'new');
      });
    });

    test('the API token is revoked in mid-rotation: both sides work with the new key, which is AWSPENDING, and with another token a repair ends on one of the two', async () => {
      await withDeployment(lab(), 'token-revoked', patience, {}, async (beside, host) => {
        const { tokenId, token } = await ownToken(beside);
        await beside.signInWith({ token });
        aim(
          beside,
          host,
          moments.agentHasSwitched(() => beside.zabbix.api.call('token.delete', [tokenId], z.unknown())),
        );

        const end = await beside.rotate('token-revoked');

        expect(end.failures[0]?.errorMessage).toMatch(/Zabbix does not accept the API token/);
        await worksWith(beside, host, 'AWSPENDING');
        await beside.signInWith({ token: beside.zabbix.access.token });
        await repaired(beside, host, end, 'either');
      });
    });
  });
}

function eachMethodOnce(answer: ApiReaction): Aimed {
  const met = new Set<string>();
  return {
    asked: ({ method }) => {
      if (met.has(method)) return 'pass';
      met.add(method);
      return answer;
    },
  };
}

function loseUpdates(times: number): Aimed {
  let left = times;
  return {
    answered: ({ method }) => {
      if (method !== 'host.update' || left === 0) return 'pass';
      left -= 1;
      return 'drop';
    },
  };
}

/** Zabbix' types of maintenance. */
const withData = 0;
const withoutData = 1;

/** From now on for an hour, as soon as the server sees to it: at the next full minute. Its id. */
async function maintain({ zabbix }: Lab, { computerName, monitored }: SmallHost, type: number): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  const id = await zabbix.api.create('maintenance.create', {
    name: computerName,
    active_since: nowS - 60,
    active_till: nowS + 3600,
    maintenance_type: type,
    hosts: [{ hostid: monitored.hostId }],
    timeperiods: [{ timeperiod_type: 0, start_date: nowS - 60, period: 3600 }],
  });
  await zabbix.server.reloadConfigurationCache();
  return id;
}

/** @throws {Error} when it is not so within that many seconds */
async function isUnheard({ zabbix }: Lab, { monitored }: SmallHost, wanted: boolean, withinS: number): Promise<void> {
  const hosts = z.tuple([z.object({ maintenance_status: z.string() })]);
  const asked = { hostids: [monitored.hostId], output: ['maintenance_status'] };
  await eventually(
    `the server ${wanted ? 'begins' : 'ends'} the maintenance`,
    async () => {
      const [{ maintenance_status }] = await zabbix.api.call('host.get', asked, hosts);
      return maintenance_status === (wanted ? '1' : '0');
    },
    { withinS, everyMs: 500 },
  );
}

/** As Zabbix' housekeeper does with old ones. */
async function endSessions({ zabbix }: Lab): Promise<void> {
  const sql = `DELETE FROM sessions WHERE userid = (SELECT userid FROM users WHERE username = '${zabbix.access.username}')`;
  await zabbix.serverMachine.must([
    ...(['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', 'psql'] as const),
    ...['-h', '/run/postgresql', '-d', 'zabbix', '-c', sql],
  ]);
}

/** A token of the service's own user that nobody else uses. */
async function ownToken({ zabbix }: Lab): Promise<{ readonly tokenId: string; readonly token: string }> {
  const users = z.tuple([z.object({ userid: z.string() })]);
  const [{ userid }] = await zabbix.api.call('user.get', { filter: { username: zabbix.access.username } }, users);
  const tokenId = await zabbix.api.create('token.create', { name: 'to be revoked', userid });
  const generated = z.tuple([z.object({ token: z.string() })]);
  const [{ token }] = await zabbix.api.call('token.generate', [tokenId], generated);
  return { tokenId, token };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
