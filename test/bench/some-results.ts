/** Measurements of one round, as they might be. */
import type { Order } from '../lab/bench/order.ts';
import { orders } from '../lab/bench/order.ts';
import type { MeasuredVersion, Results, Rotation, ServiceAccount, TimeLine } from '../lab/bench/results.ts';

export const anAccount: ServiceAccount = {
  tookS: 48.7,
  serverWaitS: 25.2,
  cpuMs: 280,
  gapsMs: 200,
  waitingCpuMs: 120,
  noticedLateS: 6.5,
  awsCalls: { 'ssm:GetCommandInvocation': 11, 'ssm:SendCommand': 4, 'secretsmanager:DescribeSecret': 5 },
  zabbixCalls: { 'host.get': 4, 'item.get': 4, 'host.update': 1 },
  maxRssMb: 111,
};

export function aRotation(order: Order, changes: Partial<Rotation> = {}): Rotation {
  const ours = order === 'server-first';
  return {
    ...{ order, agent: 'zabbix_agentd', round: 1, beganAfterRenewalS: 30 },
    ...{ serverTookUpS: 30, apartS: ours ? 0.5 : 29.9, agentDownMs: 180 },
    passive: ours ? { holeS: 5.004, lost: 0 } : { holeS: 35.2, lost: 6 },
    active: ours ? { holeS: 10.9, lost: 1, lostThoughSent: 0 } : { holeS: 69.6, lost: 13, lostThoughSent: 11 },
    ...(ours ? { service: anAccount } : { betweenSidesS: 0.03 }),
    ...changes,
  };
}

export function aVersion(rotations: Rotation[] = orders.map((order) => aRotation(order))): MeasuredVersion {
  return { zabbix: '6.0.14', cacheUpdateS: 60, loadAverage: [0.4, 0.6], rotations };
}

export const aStartUp = { bundleKb: 360, importMs: [61, 64, 90] };

export function aTimeLine(order: Order): TimeLine {
  const hole = { fromS: -5, toS: 30, lost: 6 };
  return {
    ...{ order, toldS: 0.1, serverUsesS: 30, agentStoppedS: 0.2, agentListeningS: 0.3 },
    passive: { valuesS: [-5, 30, 35], hole },
    active: { valuesS: [-3, 2], hole: { fromS: -3, toS: 2, lost: 0 } },
  };
}

export function somePicture(): Results['picture'] {
  const timeLines = orders.map((order) => aTimeLine(order));
  return { zabbix: '6.0.14', agent: 'zabbix_agentd', everyS: 5, timeLines };
}

export function someResults(rotations?: Rotation[]): Results {
  return {
    ...{ measuredAt: '2026-01-05T12:00:00.000Z', settings: {}, versions: [aVersion(rotations)], function: aStartUp },
    computer: { cores: 2, memoryGb: 24, kernel: 'Linux 6.1', node: 'v24.0.0' },
    ...{ picture: somePicture(), budgets: [] },
  };
}
