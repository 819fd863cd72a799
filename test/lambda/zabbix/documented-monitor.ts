import { onTestFinished } from 'vitest';
import type { Monitor } from '../../../lambda/rotation/ports.ts';
import { jsonRpc } from '../../../lambda/zabbix/json-rpc.ts';
import { zabbixMonitor } from '../../../lambda/zabbix/monitor.ts';
import { openSession } from '../../../lambda/zabbix/session.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { documentedZabbix, token } from '../../fakes/documented-zabbix.ts';

type Documented = Awaited<ReturnType<typeof documentedZabbix>>;

/** The adapter on a Zabbix that answers as its manual says, until the test is over. */
export async function documentedMonitor(
  ...about: Parameters<typeof documentedZabbix>
): Promise<Documented & { readonly monitor: Monitor }> {
  const zabbix = await documentedZabbix(...about);
  onTestFinished(zabbix.stop);
  const open = () =>
    openSession({
      rpc: jsonRpc({ url: zabbix.url, caPem: undefined }),
      access: async () => ({ token }),
      newerVersions: 'refuse',
      archive: { append: async () => undefined },
    });
  return {
    ...zabbix,
    monitor: zabbixMonitor({ open, clock: new FakeClock(), server: undefined, probeScript: undefined }),
  };
}
