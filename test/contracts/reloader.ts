import { describe, expect, test } from 'vitest';
import { Refusal } from '../../lambda/errors.ts';
import { eventually, type Stage } from './site.ts';

/** What the story relies on of a Reloader, fake or real. */
export function reloaderContract(stage: Stage): void {
  const server = { of: 'server', handedTo: 'none' } as const;
  const ids = () => stage.site.aRotation(stage.current);

  describe('reload', () => {
    test('reaches the server whose node is named, and no proxy that nobody has named', () => {
      const { reloader } = stage.site;
      expect(reloader.hasAny).toBe(true);
      expect(reloader.reaches(server)).toBe(true);
      expect(reloader.reaches({ of: 'proxy', name: 'edge' })).toBe(false);
    });

    test('has the server use what it was given, and may be asked for again', () =>
      stage.rotating(async (rotation) => {
        const { monitor, reloader, target, clock } = stage.site;
        await monitor.give([(await monitor.find(target, [])).host], rotation.pending);
        for (const _ of [1, 2])
          expect(await reloader.reload(server, rotation, stage.deadline())).toMatch(/^(reloaded|asked)$/);
        const uses = async () => (await monitor.serverAccepts(rotation.pending)) === true;
        expect(await eventually(clock, uses, 3)).toBe(true);
      }));

    test('is refused where no server runs, and where nobody is known', async () => {
      const { reloader, misled } = stage.site;
      const asked = misled.reload(server, ids(), stage.deadline());
      await expect(asked).rejects.toBeInstanceOf(Refusal);
      await expect(asked).rejects.toThrow(/No zabbix_server runs on this node/);
      await expect(reloader.reload({ of: 'proxy', name: 'edge' }, ids(), stage.deadline())).rejects.toThrow(
        'no node is known for proxy "edge"',
      );
    });
  });

  test('no proxy stands before a host that the server watches', async () => {
    const { monitor, target } = stage.site;
    expect(await monitor.proxiesBefore([(await monitor.find(target, [])).host])).toEqual([]);
  });
}
