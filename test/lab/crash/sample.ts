/** Crash points for `npm test`: a few that are quick, one for each kind of host, spread over what can die and where. */
import type { ZabbixVersion } from '../release.ts';
import type { HostKind } from './lane.ts';
import type { CrashPoint } from './point.ts';

const script = (verb: 'prepare' | 'switch', effect: string) =>
  ({ kind: 'node', verb, session: 'script', effect, nth: 1 }) as const;
const worker = (verb: 'switch' | 'restore', effect: string) =>
  ({ kind: 'node', verb, session: 'worker', effect, nth: 1 }) as const;

interface Crash {
  readonly version: ZabbixVersion;
  readonly kind: HostKind;
  readonly point: CrashPoint;
}

const ofHosts: readonly {
  readonly version: ZabbixVersion;
  readonly kind: Omit<HostKind, 'targets'>;
  readonly point: Omit<CrashPoint, 'targets'>;
}[] = [
  {
    version: '6.0',
    kind: { agent: 'zabbix_agentd', checks: 'passive' },
    point: { way: 'forward', moment: 'after', dies: 'script', place: script('prepare', 'mv secretId') },
  },
  {
    version: '6.0',
    kind: { agent: 'zabbix_agent2', checks: 'both' },
    point: {
      way: 'forward',
      moment: 'after',
      dies: 'function',
      place: { kind: 'zabbix', call: 'host.update', nth: 1 },
    },
  },
  {
    version: '7.0',
    kind: { agent: 'zabbix_agent2', checks: 'passive' },
    point: { way: 'taken-back', moment: 'after', dies: 'worker', place: worker('restore', 'mv inPlace') },
  },
  {
    version: '7.0',
    kind: { agent: 'zabbix_agent2', checks: 'active' },
    point: { way: 'forward', moment: 'after', dies: 'script', place: script('switch', 'mv to') },
  },
  {
    version: '7.0',
    kind: { agent: 'zabbix_agentd', checks: 'active' },
    point: {
      way: 'forward',
      moment: 'after',
      dies: 'function',
      place: { kind: 'aws', call: 'secretsmanager:UpdateSecretVersionStage', nth: 1 },
    },
  },
  {
    version: '7.0',
    kind: { agent: 'zabbix_agentd', checks: 'both' },
    point: { way: 'forward', moment: 'before', dies: 'worker', place: worker('switch', 'mv result') },
  },
];

export const sample: readonly Crash[] = ofHosts.map(({ version, kind, point }) => ({
  version,
  kind: { ...kind, targets: 'host' },
  point: { ...point, targets: 'host' },
}));
