import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../eventually.ts';
import { machineWithAws, mustWithAws } from '../hosts/machine-with-aws.ts';
import type { ManagedMachine } from '../hosts/managed-machine.ts';
import { runUserData, startNewcomer, startNewcomerWithoutKey } from '../hosts/newcomer.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { scriptsOfDocs, withOwn } from '../script-of-docs.ts';
import {
  giveAutoregistration,
  heldForAutoregistration,
  hostIdOf,
  takeInNewcomers,
} from '../zabbix/autoregistration.ts';
import { holdsCredential } from '../zabbix/monitored-host.ts';
import { endOf, labelled, ownerAndMode } from './held.ts';
import { newcomersRole, withNewcomersRole } from './newcomers-role.ts';
import { currentOf } from './proxies.ts';

const [userData = '', move = ''] = scriptsOfDocs('docs/rotation.md', '## Autoregistration');

/** An agent that Zabbix does not know yet registers with the new key and not with the old one; what registered before is moved. */
export function autoregistrationOn(version: ZabbixVersion): void {
  describe(`autoregistration on Zabbix ${version}`, () => {
    const old = { identity: 'autoreg', psk: randomBytes(32).toString('hex') };
    let lab: Lab;
    let leaver: ManagedMachine;

    beforeAll(async () => {
      lab = await startLab({
        version,
        server: { cacheUpdateFrequencyS: 3 },
        timeouts: { serverWaitS: 15, agentStartS: 5, proveTimeoutS: 90 },
        habits: { rotationRetries: 0 },
        rotates: 'proxies',
        serverPortIsOpen: true,
        secrets: ['autoreg', 'leaver'],
        edit: withNewcomersRole,
      });
      await takeInNewcomers(lab.zabbix.api, old, lab.zabbix.hostGroupId);
      await lab.zabbix.server.reloadConfigurationCache();
      // One after the other: two at once may both make Zabbix' first host id ("ids_pkey"), and the second does not register, at its next try neither (7.0.22, once).
      leaver = await newcomer('leaver', old);
      await newcomer('stays', old);
      await lab.put('autoreg', JSON.stringify({ ...old, targets: [{ kind: 'autoregistration' }] }));
    });
    afterAll(() => lab?.stop());

    /** Every process of the computer is looked at meanwhile. @throws {Error} when one of them had the key among its arguments */
    async function withoutKeyInArguments(psk: string, scriptOfDocs: () => Promise<unknown>): Promise<void> {
      const sampler = await lab.zabbix.sampleArguments();
      let seen: readonly string[] = [];
      try {
        await scriptOfDocs();
      } finally {
        seen = [...(await sampler.stop())];
      }
      expect(seen.some((argv) => argv.includes('secretsmanager get-secret-value'))).toBe(true);
      expect(seen.some((argv) => argv.includes(psk))).toBe(false);
    }

    async function newcomer(name: string, credential: typeof old): Promise<ManagedMachine> {
      const node = await startNewcomer(lab.zabbix, name, credential);
      lab.cloud.addNode(node);
      await registered(name);
      return node;
    }

    /** An agent whose first connection was refused tries again after 60 s. */
    const registered = (name: string) =>
      eventually(`${name} is registered`, () => hostIdOf(lab.zabbix.api, name), { withinS: 75, everyMs: 250 }).catch(
        (cause: unknown) => {
          const log = lab.zabbix.server.log().split('\n').slice(-25).join('\n');
          throw new Error(`${name} did not register; the server's log ends with:\n${log}`, { cause });
        },
      );

    const denied = (name: string) =>
      eventually(`the server denies ${name}`, () =>
        new RegExp(
          `autoregistration from .* denied \\(host:"${name}".*PSK which is not configured for autoregistration`,
        ).test(lab.zabbix.server.log()),
      );

    const holds = async (name: string, credential: typeof old) =>
      holdsCredential(lab.zabbix.api, await registered(name), credential);

    test('a host that registers holds the key of autoregistration as its own from then on', async () => {
      expect(await holds('leaver', old)).toBe(true);
      expect(await holds('stays', old)).toBe(true);
    });

    test('the server takes the new key, and the record names the hosts that still use the old one', async () => {
      const { outcome, failures, versionId } = await lab.rotate('autoreg');

      expect(failures).toEqual([]);
      expect(outcome).toBe('succeeded');
      const current = currentOf(lab, 'autoreg');
      expect(current.identity).toMatch(/^autoreg\.[b-z2-9]{6}$/);
      const held = await heldForAutoregistration(lab.zabbix.serverMachine);
      expect([held.identity, held.psk === current.psk]).toEqual([current.identity, true]);
      expect(await holds('stays', old)).toBe(true);
      expect(endOf(lab, 'autoreg', versionId)).toMatchObject({
        outcome: 'rotated',
        targets: [
          {
            kind: 'autoregistration',
            gate: 'port-probe',
            proofs: { verdict: 'proven', oldKey: 'kept', stillUsedBy: expect.arrayContaining(['leaver', 'stays']) },
          },
        ],
      });
    });

    test('a new agent fetches the new key by the user data of the docs and registers, and one with the old key does not', async () => {
      await startNewcomer(lab.zabbix, 'too-late', old);
      const inTime = await startNewcomerWithoutKey(lab.zabbix, 'in-time');
      await withoutKeyInArguments(currentOf(lab, 'autoreg').psk, () =>
        runUserData(inTime, userData, lab.cloud.asRole(newcomersRole)),
      );
      expect(await holds('in-time', currentOf(lab, 'autoreg'))).toBe(true);
      expect(await ownerAndMode(inTime, '/etc/zabbix/agent.psk')).toBe('root:zabbix 640');
      await denied('too-late');
      expect(await hostIdOf(lab.zabbix.api, 'too-late')).toBeUndefined();
    });

    test('a host that has registered leaves for a key of its own, and those who stay are heard as before', async () => {
      const { api, server } = lab.zabbix;
      const [moved, staying] = await Promise.all(['leaver', 'stays'].map((name) => heard(name)));
      const target = { kind: 'host', name: 'leaver', node: leaver.instanceId };
      await server.reloadConfigurationCache();
      await lab.put('leaver', JSON.stringify({ ...old, targets: [target] }));
      expect(await lab.rotate('leaver')).toMatchObject({
        outcome: 'failed',
        failures: [{ errorMessage: expect.stringContaining('"leaves": "autoreg"') }],
      });
      const terminal = await machineWithAws(lab.zabbix, 'terminal');
      const [itsNames = ''] = move.split('\n');
      const moveWithKeyOf = (stage: string) => {
        const names = `host=leaver node=${leaver.instanceId} secret=zabbix-psk/leaver stage=${stage}`;
        return mustWithAws(terminal, lab.cloud.operator, ['/bin/sh', '-c', withOwn(move, itsNames, names)]);
      };
      const { versionId } = currentOf(lab, 'leaver');
      await expect(moveWithKeyOf('AWSNEVER')).rejects.toThrow('ResourceNotFoundException');
      expect(currentOf(lab, 'leaver').versionId).toBe(versionId);
      await withoutKeyInArguments(old.psk, () => moveWithKeyOf('AWSPREVIOUS'));

      expect(await lab.rotate('leaver')).toMatchObject({ outcome: 'succeeded', failures: [] });

      const current = currentOf(lab, 'leaver');
      expect(current.identity).toMatch(/^leaver\.[b-z2-9]{6}$/);
      expect(await holds('leaver', current)).toBe(true);
      const fromS = Date.now() / 1000;
      for (const itemId of [moved, staying])
        await eventually('it is heard', async () => (await lastS(api, itemId ?? '')) > fromS, { withinS: 60 });
      expect(JSON.stringify(await lab.invoke({ inspect: 'zabbix-psk/autoreg' }))).toMatch(
        /1 of the hosts that have registered still uses the identity .+"in-time.+1 of the hosts.+"autoreg\\.*stays/,
      );
    });

    test('a server that does not take the key up in time: Zabbix holds the old one again, proven at its port', async () => {
      const before = currentOf(lab, 'autoreg');
      const syncer = (signal: string) =>
        lab.zabbix.serverMachine.must(['pkill', `-${signal}`, '-f', 'zabbix_server: configuration syncer']);
      await syncer('STOP');
      const { outcome, failures, versionId } = await lab.rotate('autoreg').finally(() => syncer('CONT'));

      expect(outcome).toBe('failed');
      expect(failures[0]?.errorMessage).toMatch(
        /had not taken up the key of autoregistration after \d+ s.*rolled back: autoregistration is proven to be on the old key again/,
      );
      expect(currentOf(lab, 'autoreg')).toEqual(before);
      expect(labelled(lab, 'autoreg', 'AWSPENDING')).toBeUndefined();
      expect((await heldForAutoregistration(lab.zabbix.serverMachine)).psk === before.psk).toBe(true);
      expect(endOf(lab, 'autoreg', versionId)).toMatchObject({ outcome: 'rolled-back' });
      await newcomer('after-all', before);
    });

    test('an agent that fetches the key before it has moved registers when its user data is run again', async () => {
      const next = { identity: 'autoreg.next', psk: randomBytes(32).toString('hex') };
      await giveAutoregistration(lab.zabbix.api, next, 2);
      await lab.zabbix.server.reloadConfigurationCache();
      const between = await startNewcomerWithoutKey(lab.zabbix, 'between');
      const role = lab.cloud.asRole(newcomersRole);
      await runUserData(between, userData, role);
      await denied('between');
      await lab.put('autoreg', JSON.stringify({ ...next, targets: [{ kind: 'autoregistration' }] }));
      await runUserData(between, userData, role);
      expect(await holds('between', next)).toBe(true);
    });

    test('nothing was denied to functions and newcomers, and nothing was asked that the stand-in does not know', () => {
      expect(lab.cloud.denials).toEqual([]);
      expect(lab.cloud.unsupported).toEqual([]);
    });

    /** Gives a host that has registered an item that the server polls, and waits until it is heard. */
    async function heard(name: string): Promise<string> {
      const { api, server } = lab.zabbix;
      const hostid = await registered(name);
      const [{ interfaceid }] = await api.call(
        'hostinterface.get',
        { hostids: [hostid], output: ['interfaceid'] },
        z.tuple([z.object({ interfaceid: z.string() })]),
      );
      const about = {
        hostid,
        interfaceid,
        name: 'agent.ping',
        key_: 'agent.ping',
        type: 0,
        value_type: 3,
        delay: '2s',
      };
      const itemId = await api.create('item.create', about);
      await server.reloadConfigurationCache();
      await eventually(`${name} is heard`, async () => (await lastS(api, itemId)) > 0, { withinS: 60, everyMs: 250 });
      return itemId;
    }
  });
}

async function lastS(api: Lab['zabbix']['api'], itemId: string): Promise<number> {
  const reply = z.tuple([z.object({ lastclock: z.coerce.number() })]);
  const [item] = await api.call('item.get', { itemids: [itemId], output: ['lastclock'] }, reply);
  return item.lastclock;
}
