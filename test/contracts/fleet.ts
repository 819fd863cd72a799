import { describe, expect, test } from 'vitest';
import { NodeUnreachable, Refusal } from '../../lambda/errors.ts';
import type { Gate, Rotation } from '../../lambda/rotation/model.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import type { Stage } from './site.ts';

/** What the story relies on of a Fleet, fake or real. */
export function fleetContract(stage: Stage): void {
  const deadline = (ms?: number) => stage.deadline(ms);

  function inspect(rotation: Rotation) {
    const { fleet, target } = stage.site;
    return fleet.inspect(target, rotation, deadline());
  }

  async function armed(rotation: Rotation, gate: Gate) {
    const { fleet, target } = stage.site;
    const prepared = await fleet.prepare(target, rotation, deadline());
    return fleet.arm(target, rotation, prepared, gate, deadline());
  }

  async function switched(rotation: Rotation) {
    return stage.site.fleet.follow(await armed(rotation, 'now'), deadline());
  }

  async function restored(rotation: Rotation) {
    const { fleet, target } = stage.site;
    return fleet.follow(await fleet.armRestore(target, rotation, 'now', deadline()), deadline());
  }

  describe('inspect', () => {
    test('tells what the agent is on, and of no rotation where there is none', async () => {
      const { target } = stage.site;
      const { identity, key } = stage.current;
      expect(await inspect(stage.site.aRotation(stage.current))).toMatchObject({
        hostname: target.name,
        identity,
        fingerprint: key.fingerprint,
        running: true,
        passive: true,
        active: true,
        rotation: undefined,
        lastSwitch: undefined,
        gates: [],
      });
    });

    test('of a node that is not managed is refused', async () => {
      const { fleet, target } = stage.site;
      const nobody = { ...target, node: 'i-00000000000000000' };
      const asked = fleet.inspect(nobody, stage.site.aRotation(stage.current), deadline());
      await expect(asked).rejects.toMatchObject({ code: 'NODE_NOT_MANAGED' });
    });

    test('of a node that takes up no command ends with the deadline', async () => {
      const { fleet, target, commandsReach, clock } = stage.site;
      commandsReach(false);
      const fromMs = clock.now().ms;
      const asked = fleet.inspect(target, stage.site.aRotation(stage.current), deadline(3_000));
      await expect(asked).rejects.toBeInstanceOf(NodeUnreachable);
      expect(clock.now().ms - fromMs).toBeLessThan(20_000);
      commandsReach(true);
    });
  });

  describe('prepare', () => {
    test('refuses a node whose key is not the current one, and leaves nothing', () =>
      stage.rotating(async (rotation) => {
        const { fleet, target } = stage.site;
        const other = { ...rotation, current: { ...rotation.current, key: PskKey.mint(32) } };
        const prepared = fleet.prepare(target, other, deadline());
        await expect(prepared).rejects.toMatchObject({ code: 'NODE_REFUSED' });
        await expect(prepared).rejects.toBeInstanceOf(Refusal);
        expect((await inspect(rotation)).rotation).toBeUndefined();
      }));

    test('gives the same public key a second time, and the gates that inspect tells from then on', () =>
      stage.rotating(async (rotation) => {
        const { fleet, target } = stage.site;
        const { secretId, versionId } = rotation;
        const first = await fleet.prepare(target, rotation, deadline());
        const again = await fleet.prepare(target, rotation, deadline());
        expect(again.publicKey).toBe(first.publicKey);
        expect(first.gates).toContain('shadow-agent');
        const { rotation: found, gates, fingerprint } = await inspect(rotation);
        expect(found).toEqual({ secretId, versionId, phase: 'prepared' });
        expect(gates).toEqual(first.gates);
        expect(fingerprint).toBe(stage.current.key.fingerprint);
      }));

    test('of another secret is refused while the node is busy', () =>
      stage.rotating(async (rotation) => {
        const { fleet, target } = stage.site;
        await fleet.prepare(target, rotation, deadline());
        const other = stage.site.aRotation(stage.current);
        const asked = fleet.prepare(target, { ...other, secretId: `${other.secretId}2` }, deadline());
        await expect(asked).rejects.toMatchObject({ code: 'NODE_REFUSED' });
      }));
  });

  describe('a switch', () => {
    test('that nothing was prepared for is refused when it is armed', () =>
      stage.rotating(async (rotation) => {
        const { fleet, target } = stage.site;
        const prepared = await fleet.prepare(target, rotation, deadline());
        const other = stage.site.aRotation(stage.current);
        await expect(fleet.arm(target, other, prepared, 'now', deadline())).rejects.toBeInstanceOf(Refusal);
        expect((await inspect(rotation)).fingerprint).toBe(stage.current.key.fingerprint);
      }));

    test('waits for the server, follows it, and tells the same when it is sent again', () =>
      stage.rotating(async (rotation) => {
        const { fleet, monitor, target } = stage.site;
        const { current, pending } = rotation;
        const waiting = await armed(rotation, 'shadow-agent');
        expect(await inspect(rotation)).toMatchObject({
          rotation: { phase: 'armed' },
          fingerprint: current.key.fingerprint,
          running: true,
        });
        await monitor.give([(await monitor.find(target, [])).host], pending);
        const outcome = await fleet.follow(waiting, deadline());
        expect(outcome).toMatchObject({
          outcome: 'switched',
          fingerprint: pending.key.fingerprint,
          account: { gate: 'shadow-agent', oldKey: 'refused', to: pending.key.fingerprint },
        });
        const account = 'account' in outcome ? outcome.account : undefined;
        expect(account?.downMs).toBeGreaterThanOrEqual(0);
        expect((account?.listening.nodeMs ?? 0) - (account?.stopped.nodeMs ?? 0)).toBe(account?.downMs);
        expect(await inspect(rotation)).toMatchObject({
          rotation: { phase: 'switched' },
          identity: pending.identity,
          fingerprint: pending.key.fingerprint,
          running: true,
          lastSwitch: account,
        });
        expect(await switched(rotation)).toMatchObject({ outcome: 'switched', account });
      }));

    test('that the server does not accept in time leaves the agent alone', () =>
      stage.rotating(async (rotation) => {
        const { fingerprint } = rotation.current.key;
        const waiting = await armed(rotation, 'shadow-agent');
        const outcome = await stage.site.fleet.follow(waiting, deadline(300_000));
        expect(outcome).toMatchObject({ outcome: 'not-accepted', fingerprint });
        expect(await inspect(rotation)).toMatchObject({ rotation: { phase: 'prepared' }, fingerprint, running: true });
      }));

    test('is prepared for and switched by a second try that finds it done', () =>
      stage.rotating(async (rotation) => {
        const { fleet, target } = stage.site;
        await switched(rotation);
        const again = await fleet.prepare(target, rotation, deadline());
        expect(again).toMatchObject({ fingerprint: rotation.pending.key.fingerprint, rotation: { phase: 'switched' } });
        const outcome = await fleet.follow(await fleet.arm(target, rotation, again, 'now', deadline()), deadline());
        expect(outcome).toMatchObject({ outcome: 'switched' });
      }));
  });

  describe('restore', () => {
    test('calls off a switch that waits, which is refused from then on', () =>
      stage.rotating(async (rotation) => {
        const { fleet, target } = stage.site;
        const { fingerprint } = rotation.current.key;
        const prepared = await fleet.prepare(target, rotation, deadline());
        const waiting = await fleet.arm(target, rotation, prepared, 'shadow-agent', deadline());
        expect(await restored(rotation)).toMatchObject({ outcome: 'restored', fingerprint });
        expect(await fleet.follow(waiting, deadline())).toMatchObject({ outcome: 'not-accepted', fingerprint });
        await expect(fleet.arm(target, rotation, prepared, 'now', deadline())).rejects.toBeInstanceOf(Refusal);
      }));

    test('puts the key back that was there before, as often as it is sent', () =>
      stage.rotating(async (rotation) => {
        const { fingerprint } = rotation.current.key;
        await switched(rotation);
        expect(await restored(rotation)).toMatchObject({
          outcome: 'restored',
          fingerprint,
          account: { to: fingerprint },
        });
        expect(await restored(rotation)).toMatchObject({ outcome: 'restored', fingerprint });
        const { identity } = rotation.current;
        expect(await inspect(rotation)).toMatchObject({ rotation: { phase: 'restored' }, identity, fingerprint });
      }));

    test('finds nothing to do where nothing is', async () => {
      const rotation = stage.site.aRotation(stage.current);
      const { fingerprint } = stage.current.key;
      expect(await restored(rotation)).toMatchObject({ outcome: 'restored', fingerprint });
      expect((await inspect(rotation)).rotation).toBeUndefined();
    });
  });

  describe('forget', () => {
    test('refuses while another key than the one to stay is in place; then nothing of the rotation is left', () =>
      stage.rotating(async (rotation) => {
        const { fleet, target } = stage.site;
        const { current, pending } = rotation;
        await switched(rotation);
        const { lastSwitch } = await inspect(rotation);
        await expect(fleet.forget(target, rotation, current, deadline())).rejects.toMatchObject({
          code: 'NODE_REFUSED',
        });
        expect((await inspect(rotation)).rotation).toMatchObject({ phase: 'switched' });

        const forgotten = await fleet.forget(target, rotation, pending, deadline());
        stage.staysOn(pending);
        expect(forgotten).toMatchObject({ fingerprint: pending.key.fingerprint, lastSwitch, rotation: undefined });
        expect(await fleet.forget(target, rotation, pending, deadline())).toMatchObject({ lastSwitch: undefined });
        expect(await restored(rotation)).toMatchObject({ outcome: 'restored', fingerprint: pending.key.fingerprint });
      }));
  });
}
