import { beforeEach, describe, expect, test } from 'vitest';
import { Refusal, ZabbixRefused, ZabbixUnreachable } from '../../lambda/errors.ts';
import { nextIdentity } from '../../lambda/rotation/identity.ts';
import { autoregistration, type Credential, type Protection } from '../../lambda/rotation/model.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { eventually, type Stage } from './site.ts';

/** What the story relies on of a Monitor, fake or real. */
export function monitorContract(stage: Stage): void {
  const find = (among: readonly Credential[]) => stage.site.monitor.find(stage.site.target, among);
  const soon = (isSo: () => Promise<boolean>) => eventually(stage.site.clock, isSo);

  beforeEach(() => stage.isHeard());

  describe('a host', () => {
    test('is described, with the credential that is stored for it', async () => {
      const { aRotation, target } = stage.site;
      const { current, pending } = aRotation(stage.current);
      const { host, holds } = await find([pending, current]);
      expect(holds).toBe(current);
      expect(host).toMatchObject({
        name: target.name,
        enabled: true,
        silenced: false,
        behindProxy: false,
        connect: 'psk',
        accept: ['psk'],
        reachable: { yes: true },
        witness: { clockOf: 'server', everyS: 5 },
      });
    });

    test('holds none of those that are not stored for it', async () => {
      const { neighbour } = stage.site;
      expect((await find([])).holds).toBeUndefined();
      expect((await find([neighbour])).holds).toBeUndefined();
      expect((await find([{ ...stage.current, key: PskKey.mint(32) }])).holds).toBeUndefined();
      expect((await find([{ ...stage.current, identity: 'another' }])).holds).toBeUndefined();
    });

    test.each([
      ['that Zabbix does not know', () => 'nobody'],
      ['whose name is written otherwise', () => stage.site.target.name.toUpperCase()],
    ])('%s is refused', async (_, name) => {
      const { monitor, target } = stage.site;
      const asked = monitor.find({ ...target, name: name() }, [stage.current]);
      await expect(asked).rejects.toMatchObject({ code: 'HOST_UNKNOWN' });
      await expect(asked).rejects.toBeInstanceOf(Refusal);
    });

    test('is described as it is now, by the server’s clock', async () => {
      const { monitor } = stage.site;
      const { host } = await find([]);
      const { hostId, name, seen } = host;
      expect(await monitor.refresh(host)).toMatchObject({ hostId, name, reachable: { yes: true } });
      expect(await soon(async () => (await monitor.refresh(host)).seen.serverS > seen.serverS)).toBe(true);
    });

    test('that is given no credential is unencrypted, and says so; the next one that it is given is its first', () =>
      stage.rotating(async ({ current, pending }) => {
        const { monitor, target } = stage.site;
        const none: Protection = { takes: 'only-psk' };
        const first = { ...pending, takes: 'unencrypted-too' } as const;
        const among: readonly Protection[] = [none, first, current];
        const { host } = await find([current]);
        await monitor.give([host], none);
        const without = await monitor.find(target, among);
        expect(without.holds).toBe(none);
        // It is the witness of its first credential that counts.
        expect(without.host).toMatchObject({ connect: 'none', accept: ['none'], witness: { clockOf: 'server' } });
        expect(await monitor.usersOf([current.identity])).toEqual([]);

        await monitor.give([host], first);
        const open = await monitor.find(target, among);
        expect(open.holds).toBe(first);
        expect(open.host).toMatchObject({ connect: 'psk', accept: ['none', 'psk'] });

        await monitor.give([host], { ...current, takes: 'only-psk' });
        const closed = await monitor.find(target, among);
        expect(closed.holds).toBe(current);
        expect(closed.host).toMatchObject({ connect: 'psk', accept: ['psk'] });
      }));

    test('is heard of again and again', async () => {
      const { monitor } = stage.site;
      const { witness, seen } = (await find([])).host;
      if (witness === undefined) throw new Error('the host has no witness');
      expect(Math.abs(seen.serverS - witness.lastS)).toBeLessThan(30);
      expect(await soon(async () => (await monitor.lastValueS(witness)) > witness.lastS)).toBe(true);
      expect(typeof (await monitor.checkNow(witness))).toBe('boolean');
    });
  });

  describe('identities', () => {
    test('are told with the hosts that use them', async () => {
      const { monitor, neighbour, target } = stage.site;
      const { identity } = stage.current;
      expect(await monitor.usersOf([identity])).toEqual([{ kind: 'host', name: target.name }]);
      const both = await monitor.usersOf([identity, neighbour.identity, 'nobodys']);
      expect(both.map(({ name }) => name).sort()).toEqual([target.name, neighbour.targets[0].name].sort());
      expect(await monitor.usersOf(['nobodys'])).toEqual([]);
    });

    test('have one key, whoever uses them: where Zabbix sees to that, another is refused and nothing has changed', () =>
      stage.rotating(async () => {
        const { monitor, neighbour, refusesSecondKey } = stage.site;
        const other = { identity: neighbour.identity, key: PskKey.mint(32) };
        const { host } = await find([]);
        if (refusesSecondKey) {
          await expect(monitor.give([host], other)).rejects.toBeInstanceOf(ZabbixRefused);
          expect((await find([stage.current])).holds).toBe(stage.current);
        } else {
          await monitor.give([host], other);
          expect((await find([other])).holds).toBe(other);
        }
        expect((await monitor.find(neighbour.targets[0], [neighbour])).holds).toBe(neighbour);
      }));
  });

  describe('a credential that is given', () => {
    test('is stored at once, and used by the server a while later, when the other is dead', () =>
      stage.rotating(async ({ current, pending }) => {
        const { monitor } = stage.site;
        const { host } = await find([]);
        expect(await monitor.gates(host)).toContain('port-probe');
        expect(await monitor.serverUses(host, pending, 'port-probe')).toBe(false);
        expect(await monitor.serverAccepts(current)).toBe(true);
        expect(await monitor.serverAccepts(pending)).toBe(false);

        await monitor.give([host], pending);
        expect((await find([current, pending])).holds).toBe(pending);
        expect(await monitor.usersOf([current.identity])).toEqual([]);
        await monitor.give([host], pending);

        expect(await soon(() => monitor.serverUses(host, pending, 'port-probe'))).toBe(true);
        expect(await monitor.serverAccepts(pending)).toBe(true);
        expect(await monitor.serverAccepts(current)).toBe(false);
      }));

    test('is given to none of several hosts when it cannot be given to all', () =>
      stage.rotating(async ({ current, pending }) => {
        const { monitor, neighbour } = stage.site;
        const [ours, theirs] = [(await find([])).host, (await monitor.find(neighbour.targets[0], [])).host];
        const gone = { ...theirs, hostId: '999999', name: 'nobody' };
        await expect(monitor.give([ours, gone], pending)).rejects.toBeInstanceOf(Error);
        expect((await find([current, pending])).holds).toBe(current);
      }));

    test('that the agent is not on makes its host unreachable, and a script there fails, where it may be run', () =>
      stage.rotating(async ({ pending }) => {
        const { monitor, mayExecuteScripts } = stage.site;
        const { host } = await find([]);
        const fails = () => monitor.serverUses(host, pending, 'script-execute');
        expect((await monitor.gates(host)).includes('script-execute')).toBe(mayExecuteScripts);
        expect(await fails()).toBe(false);
        await monitor.give([host], pending);
        if (mayExecuteScripts) expect(await soon(fails)).toBe(true);
        expect(await soon(async () => (await monitor.refresh(host)).reachable?.yes === false)).toBe(true);
      }));
  });

  describe('autoregistration', () => {
    test('tells what it takes and never which key it holds', async () => {
      const { monitor, autoregisters } = stage.site;
      const { host, holds } = await monitor.find(autoregistration, [autoregisters]);
      expect(holds).toBe('untold');
      expect(host).toMatchObject({ kind: 'autoregistration', name: 'autoregistration', accept: ['none', 'psk'] });
      expect(await monitor.refresh(host)).toMatchObject({ accept: ['none', 'psk'] });
    });

    test('takes the key that it is given a while later, then the old one no more, and whatever else it took', async () => {
      const { monitor, autoregisters } = stage.site;
      const next = { identity: nextIdentity(autoregisters.identity), key: PskKey.mint(32) };
      const { host } = await monitor.find(autoregistration, []);
      expect(await monitor.serverAccepts(autoregisters)).toBe(true);
      await monitor.give([host], autoregisters);
      for (const [given, dead] of [
        [next, autoregisters],
        [autoregisters, next],
      ] as const) {
        await monitor.give([host], given);
        expect(await soon(() => monitor.serverUses(host, given, 'port-probe'))).toBe(true);
        expect(await monitor.serverAccepts(dead)).toBe(false);
      }
      expect(await monitor.usersOf([autoregisters.identity, next.identity])).toEqual([]);
      expect((await monitor.refresh(host)).accept).toEqual(['none', 'psk']);
    });
  });

  test('a Zabbix that cannot be reached is not taken for one that says no', async () => {
    const { away, target } = stage.site;
    await expect(away.find(target, [stage.current])).rejects.toBeInstanceOf(ZabbixUnreachable);
    await expect(away.version()).rejects.toBeInstanceOf(ZabbixUnreachable);
  });

  test('the version is told in numbers', async () => {
    expect(await stage.site.monitor.version()).toMatch(/^\d+\.\d+\.\d+$/);
  });
}
