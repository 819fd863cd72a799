import { sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { type Autoregistration, type Evidence, fingerprintOf, type Protection } from './model.ts';
import type { Monitor, Ports } from './ports.ts';
import type { Claim, Proof } from './prove.ts';
import { judge } from './verdict.ts';
import { until } from './wait.ts';

/** Every handshake that is refused writes three lines into the server's log. Milliseconds. */
const askEveryMs = 2_000;

/**
 * The proof of autoregistration. Zabbix tells nobody which key it holds there, and no node could be asked: the server's port is, which
 * takes the wanted key and the other one no more. A new identity is nobody else's, so that it can be taken for autoregistration alone.
 */
export async function proveAtPort(
  target: Autoregistration,
  { wanted, dead }: Pick<Claim, 'wanted' | 'dead'>,
  ports: Pick<Ports, 'monitor' | 'clock'>,
  deadline: Deadline,
): Promise<Proof> {
  const evidence = await gather(wanted, dead, ports, deadline);
  return { target, wanted, evidence, verdict: judge(evidence, fingerprintOf(wanted)), inspection: undefined };
}

async function gather(
  wanted: Protection,
  dead: Protection | undefined,
  { monitor, clock }: Pick<Ports, 'monitor' | 'clock'>,
  deadline: Deadline,
): Promise<Evidence> {
  const told = { node: { none: 'no node follows it; the server was asked at its port' }, stored: 'untold' } as const;
  const unknown = (because: string): Evidence => ({
    ...told,
    contact: { seen: 'unknown', because },
    oldKey: dead === undefined ? 'none' : 'not-asked',
  });
  const fromMs = clock.now().ms;
  try {
    const stillUsedBy = dead === undefined ? [] : await hostsUsing(dead, monitor);
    let last: Awaited<ReturnType<typeof askBoth>> = { wanted: undefined, dead: undefined };
    await until(
      async () => {
        last = await askBoth(wanted, dead, monitor);
        return last.wanted === true && (last.dead === false || stillUsedBy.length > 0) ? true : undefined;
      },
      askEveryMs,
      clock,
      deadline,
    );
    if (last.wanted === undefined || last.dead === undefined) return unknown(portNotReached);
    const waitedS = Math.round((clock.now().ms - fromMs) / 1000);
    return {
      ...told,
      contact: last.wanted ? { seen: 'handshake', waitedS } : { seen: 'none', waitedS, error: undefined },
      oldKey: dead === undefined ? 'none' : !last.dead ? 'refused' : stillUsedBy.length > 0 ? 'kept' : 'accepted',
      ...(stillUsedBy.length > 0 ? { stillUsedBy } : {}),
    };
  } catch (error) {
    return unknown(sentence(error));
  }
}

export const portNotReached =
  'this function could not ask the Zabbix server at its port; name it as zabbix.server in the inventory and let the function reach it';

/** Whether the server takes each of the two; undefined: it could not be asked. A key that there is not is not taken. */
async function askBoth(wanted: Protection, dead: Protection | undefined, monitor: Pick<Monitor, 'serverAccepts'>) {
  return {
    wanted: await monitor.serverAccepts(wanted),
    dead: dead === undefined ? false : await monitor.serverAccepts(dead),
  };
}

/** Zabbix copies the key of autoregistration into every host that registers with it. */
export async function hostsUsing(
  { identity }: Pick<Protection, 'identity'>,
  monitor: Pick<Monitor, 'usersOf'>,
): Promise<readonly string[]> {
  return identity === undefined ? [] : (await monitor.usersOf([identity])).map(({ name }) => name);
}
