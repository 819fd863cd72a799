import { TargetFailed } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { Credential, Gate, MonitoredHost } from './model.ts';
import type { Clock, Ports } from './ports.ts';

/** Asks again and again until the answer is something or the deadline has passed. Asks at least once. */
export async function until<T>(
  ask: () => Promise<T | undefined>,
  everyMs: number,
  clock: Clock,
  deadline: Deadline,
): Promise<T | undefined> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (deadline.remainingMs < everyMs) return undefined;
    await clock.sleep(everyMs);
  }
}

/** One question takes 20–40 ms and writes an audit row; the server renews its cache every 10 or 60 s. */
const askServerEveryMs = 500;

/** Where there is no key to ask for any more: until the server takes this one no longer, or the deadline has passed. */
export async function waitUntilServerRefuses(
  credential: Credential,
  { monitor, clock }: Pick<Ports, 'monitor' | 'clock'>,
  deadline: Deadline,
): Promise<void> {
  const refuses = async () => ((await monitor.serverAccepts(credential)) === false ? true : undefined);
  await until(refuses, askServerEveryMs, clock, deadline);
}

/** @throws {TargetFailed} when the server has not begun to use the credential before the deadline */
export async function waitUntilServerUses(
  host: MonitoredHost,
  credential: Credential,
  gate: Extract<Gate, 'script-execute' | 'port-probe'>,
  { monitor, clock }: Pick<Ports, 'monitor' | 'clock'>,
  deadline: Deadline,
): Promise<void> {
  const from = clock.now().ms;
  const uses = await until(
    async () => ((await monitor.serverUses(host, credential, gate)) ? true : undefined),
    askServerEveryMs,
    clock,
    deadline,
  );
  if (uses === undefined) {
    const waitedS = Math.round((clock.now().ms - from) / 1000);
    throw new TargetFailed(
      'SERVER_DID_NOT_ACCEPT',
      host.name,
      `the Zabbix server had not taken up the key of ${host.name} after ${waitedS} s (asked by ${gate})`,
    );
  }
}
