/** Crash points for `npm test`: a few that are quick, one for each kind of host, spread over what can die and where. */
import type { HostKind } from './lane.ts';
import type { CrashPoint } from './point.ts';

const script = (verb: 'prepare' | 'switch', effect: string) =>
  ({ kind: 'node', verb, session: 'script', effect, nth: 1 }) as const;

export const sample: readonly { readonly kind: HostKind; readonly point: CrashPoint }[] = [
  {
    kind: { agent: 'zabbix_agentd', checks: 'passive' },
    point: { way: 'forward', moment: 'after', dies: 'script', place: script('prepare', 'mv secretId') },
  },
  {
    kind: { agent: 'zabbix_agent2', checks: 'passive' },
    point: { way: 'forward', moment: 'before', dies: 'function', place: { kind: 'zabbix', call: 'item.get', nth: 1 } },
  },
  {
    kind: { agent: 'zabbix_agent2', checks: 'active' },
    point: { way: 'forward', moment: 'after', dies: 'script', place: script('switch', 'mv to') },
  },
  {
    kind: { agent: 'zabbix_agent2', checks: 'both' },
    point: {
      way: 'forward',
      moment: 'after',
      dies: 'function',
      place: { kind: 'zabbix', call: 'host.update', nth: 1 },
    },
  },
  {
    kind: { agent: 'zabbix_agentd', checks: 'active' },
    point: {
      way: 'forward',
      moment: 'after',
      dies: 'function',
      place: { kind: 'aws', call: 'secretsmanager:UpdateSecretVersionStage', nth: 1 },
    },
  },
  {
    kind: { agent: 'zabbix_agentd', checks: 'both' },
    point: {
      way: 'forward',
      moment: 'before',
      dies: 'worker',
      place: { kind: 'node', verb: 'switch', session: 'worker', effect: 'mv result', nth: 1 },
    },
  },
];
