/** What a change of key cost an item, read from the times of its values. */
export interface Hole {
  /** between the two neighbouring values that are farthest apart; untroubled it is the item's interval */
  readonly longestMs: number;
  /** the same two values; milliseconds since 1970 */
  readonly fromMs: number;
  readonly toMs: number;
  /** values that the interval would have given and that are not there */
  readonly lost: number;
}

/** @throws {RangeError} with fewer than two values: then nothing is known of any hole */
export function hole(samplesMs: readonly number[], everyS: number): Hole {
  const pairs = samplesMs.slice(1).map((toMs, index) => ({ fromMs: samplesMs[index] ?? toMs, toMs }));
  const [first] = pairs;
  if (first === undefined) throw new RangeError('a hole needs a value on either side');
  const longest = pairs.reduce((far, pair) => (pair.toMs - pair.fromMs > far.toMs - far.fromMs ? pair : far), first);
  const missing = ({ fromMs, toMs }: typeof first) => Math.max(0, Math.round((toMs - fromMs) / (everyS * 1000)) - 1);
  return {
    ...longest,
    longestMs: longest.toMs - longest.fromMs,
    lost: pairs.reduce((sum, pair) => sum + missing(pair), 0),
  };
}

/** An agent sends what it has collected every 5 s by default (BufferSend), and keeps it in memory until then. */
const bufferSendS = 5;

/** The server has the values of a packet a moment after the agent has begun to send it. */
const underwayS = 1;

/**
 * How many of an active item's values are missing that the agent had no reason to lose: those it must have sent before it was
 * stopped, or before the server took its key no more, and those it should have collected once it was back.
 */
export function lostThoughSent(
  samplesMs: readonly number[],
  everyS: number,
  {
    stoppedMs,
    listeningMs,
    refusedMs,
  }: {
    readonly stoppedMs: number;
    readonly listeningMs: number;
    /** since when the server has the other key */
    readonly refusedMs: number;
  },
): number {
  const everyMs = everyS * 1000;
  const last = samplesMs.findLast((sampleMs) => sampleMs <= stoppedMs);
  const first = samplesMs.find((sampleMs) => sampleMs > stoppedMs);
  const sentUntilMs = Math.min(stoppedMs, refusedMs) - (bufferSendS + underwayS) * 1000;
  const before = last === undefined ? 0 : Math.floor((sentUntilMs - last) / everyMs);
  const after = first === undefined ? 0 : Math.round((first - listeningMs) / everyMs) - 1;
  return Math.max(0, before) + Math.max(0, after);
}
