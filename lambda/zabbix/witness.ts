import type { MonitoredHost, Witness } from '../rotation/model.ts';
import type { ItemReply } from './objects.ts';

/** Item types of Zabbix' API: 0 is polled from the agent, 7 is sent by it. */
export const passiveItem = '0';
export const activeItem = '7';

/** An item that comes less often than this cannot prove contact while a rotation waits. Seconds. */
const everySMax = 120;

/** Preprocessing that keeps an unchanged value out of the history: "discard unchanged", with and without heartbeat. */
const discardsUnchanged = new Set(['19', '20']);

/**
 * The item whose next value will prove contact. It must come over the connection that the key protects. A polled one first,
 * since it carries the server's clock and can be asked for at once; behind a proxy, whose clock nobody knows, one that the agent sends; agent.ping before others, then the most frequent.
 */
export function chooseWitness(
  items: readonly ItemReply[],
  { connect, accept, behindProxy }: Pick<MonitoredHost, 'connect' | 'accept' | 'behindProxy'>,
): Witness | undefined {
  const protects: Readonly<Record<string, boolean>> = {
    [passiveItem]: connect === 'psk',
    [activeItem]: accept.includes('psk') && !accept.includes('none'),
  };
  const [best] = items
    .filter((item) => protects[item.type] === true && speaks(item))
    .map(({ itemid, key_, type, delay, lastclock }) => ({
      itemId: itemid,
      key: key_,
      polled: type === passiveItem,
      everyS: secondsOf(delay),
      lastS: lastclock,
    }))
    .filter(({ everyS }) => everyS <= everySMax)
    .sort(
      (a, b) =>
        (Number(b.polled) - Number(a.polled)) * (behindProxy === false ? 1 : -1) ||
        Number(b.key === 'agent.ping') - Number(a.key === 'agent.ping') ||
        a.everyS - b.everyS,
    );
  if (best === undefined) return undefined;
  const { polled, ...witness } = best;
  return { kind: 'value', ...witness, clockOf: polled ? (behindProxy === false ? 'server' : 'proxy') : 'agent' };
}

/** Supported, and with a history that every value gets into. */
function speaks({ state, history, preprocessing }: ItemReply): boolean {
  return (
    state === '0' && !/^0[smhdw]?$/.test(history) && !preprocessing.some(({ type }) => discardsUnchanged.has(type))
  );
}

const unitS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Zabbix' update interval: `30`, `1m`, with flexible intervals after `;`. Macros and `0` (only scheduled) count as too rare to wait for. */
function secondsOf(delay: string): number {
  const [, digits, unit] = /^(\d+)([smhdw]?)(;|$)/.exec(delay) ?? [];
  const seconds = Number(digits) * (unitS[unit ?? ''] ?? Number.NaN);
  return seconds > 0 ? seconds : Number.POSITIVE_INFINITY;
}
