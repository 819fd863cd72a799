import { describe, expect, test } from 'vitest';
import { aPreparedNode, dropIn, keyFile } from './prepared-node.ts';
import { fingerprint, namespacesWork, newKey, oldKey } from './throw-away-node.ts';

/**
 * A file system that runs out of inodes refuses every new file with ENOSPC, and all that a switch writes is a new file first. One
 * more that is left with each row, until the switch goes through: so each of its writes is once the one that fails.
 */
const writes = { '/var/lib': 23, '/etc/zabbix': 4 };
const rows = Object.entries(writes).flatMap(([place, count]) =>
  Array.from({ length: count + 1 }, (_, left) => ({ place, left, enough: left === count })),
);

describe.skipIf(!namespacesWork())('a disk that is full', { concurrent: true }, () => {
  test.each(rows)(
    'at write $left of a switch in $place leaves the agent on one key, and restore brings the old one back',
    async ({ place, left, enough }) => {
      const world = await aPreparedNode();
      const { node } = world;
      node.sh(
        `cp -a ${place} /tmp/held; mount -t tmpfs -o mode=$(stat -c %a ${place}),nr_inodes=500 tmpfs ${place}; cp -a /tmp/held/. ${place}; rm -r /tmp/held`,
      );
      const inForce = () => ({
        key: fingerprint(node.sh(`cat ${keyFile}`).trim()),
        identity: /TLSPSKIdentity=(.*)/.exec(node.sh(`cat ${dropIn}`))?.[1],
        agent: world.runsAs(),
      });
      const onOld = { key: fingerprint(oldKey), identity: 'web-01.old', agent: 'runs as web-01.old' };
      const onNew = { key: fingerprint(newKey), identity: 'web-01.new', agent: 'runs as web-01.new' };
      const used = Number(node.sh(`df --output=iused ${place} | tail -n 1`));
      node.sh(`mount -o remount,nr_inodes=${used + left} ${place}`);

      const { reply, exitCode } = await world.switch({ gate: 'now' });
      node.sh(`mount -o remount,nr_inodes=500 ${place}`);
      expect(reply.outcome === 'switched', `${reply.outcome}: ${reply.says}`).toBe(enough);
      if (exitCode === 0) expect(inForce()).toEqual(onNew);
      else if (exitCode !== 30) expect(inForce()).toEqual(onOld);
      // The notes could not be written, so nobody can say how far it came: only what is there.
      else
        expect(reply.says).toContain(
          `in place are the key ${inForce().key} and the identity ${inForce().identity}, and the agent runs; run restore`,
        );
      expect((await world.restore({ gate: 'now' })).reply).toMatchObject({ outcome: 'restored', running: true });
      expect(inForce()).toEqual(onOld);
      expect((await world.forget(oldKey)).reply).toMatchObject({ outcome: 'forgotten' });
    },
  );
});
