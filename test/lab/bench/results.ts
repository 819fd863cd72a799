/** What a run of the bench has measured, as `docs/bench/results.json` holds it. Seconds and milliseconds as the names say. */
import { z } from 'zod';
import { orders } from './order.ts';

const serviceAccount = z.object({
  /** from RotateSecret to the end */
  tookS: z.number(),
  /** the node's own account: from armed to accepted by the server */
  serverWaitS: z.number(),
  /** CPU time of the function's process in its four invocations, from event to answer */
  cpuMs: z.number(),
  /** time in which neither AWS nor Zabbix owed an answer and nobody waited for a command or a value; computing is in it */
  gapsMs: z.number(),
  /** CPU time of the function's process in all other time, in which AWS, Zabbix or a node was waited for; undefined in results older than this figure */
  waitingCpuMs: z.number().optional(),
  /** from the end of a command to the look that showed it, all commands together */
  noticedLateS: z.number(),
  awsCalls: z.record(z.string(), z.number()),
  zabbixCalls: z.record(z.string(), z.number()),
  maxRssMb: z.number(),
});
export type ServiceAccount = z.infer<typeof serviceAccount>;

const rotation = z.object({
  order: z.enum(orders),
  agent: z.enum(['zabbix_agentd', 'zabbix_agent2']),
  round: z.number(),
  /** how long before the rotation the server had renewed its cache */
  beganAfterRenewalS: z.number(),
  /** from Zabbix' answer to host.update until the key was in the server's cache */
  serverTookUpS: z.number(),
  /** how long server and agent were on different keys, or the server was ready and the agent not up yet */
  apartS: z.number(),
  /** between the two sides' changes, as far as whoever changed them has a hand in it; not for this service */
  betweenSidesS: z.number().optional(),
  agentDownMs: z.number(),
  passive: z.object({ holeS: z.number(), lost: z.number() }),
  active: z.object({ holeS: z.number(), lost: z.number(), lostThoughSent: z.number() }),
  service: serviceAccount.optional(),
});
export type Rotation = z.infer<typeof rotation>;

const line = z.object({
  /** when values were taken */
  valuesS: z.array(z.number()),
  hole: z.object({ fromS: z.number(), toS: z.number(), lost: z.number() }),
});

/** One rotation as it is drawn; 0 is the moment when all three began. */
const timeLine = z.object({
  order: z.enum(orders),
  toldS: z.number(),
  serverUsesS: z.number(),
  agentStoppedS: z.number(),
  agentListeningS: z.number(),
  passive: line,
  active: line,
});
export type TimeLine = z.infer<typeof timeLine>;

const version = z.object({
  zabbix: z.string(),
  /** seconds between two renewals of the server's configuration cache, its default */
  cacheUpdateS: z.number(),
  /** the computer's, over the last minute, when each turn began: what else it had to do shows in everything that counts milliseconds */
  loadAverage: z.array(z.number()),
  rotations: z.array(rotation),
});
export type MeasuredVersion = z.infer<typeof version>;

const startUp = z.object({
  bundleKb: z.number(),
  /** from import to ready, each in a process of its own, ascending */
  importMs: z.array(z.number()),
});
export type StartUp = z.infer<typeof startUp>;

const budget = z.object({ says: z.string(), value: z.string(), met: z.boolean() });
export type Budget = z.infer<typeof budget>;

export const computerShape = z.object({
  cores: z.number(),
  memoryGb: z.number(),
  kernel: z.string(),
  node: z.string(),
});

export const resultsShape = z.object({
  measuredAt: z.string(),
  computer: computerShape,
  settings: z.record(z.string(), z.string()),
  function: startUp,
  versions: z.array(version),
  /** one round of one agent; `everyS`: between two values of an item */
  picture: z.object({ zabbix: z.string(), agent: z.string(), everyS: z.number(), timeLines: z.array(timeLine) }),
  budgets: z.array(budget),
});
export type Results = z.infer<typeof resultsShape>;
