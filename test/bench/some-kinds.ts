/** Measurements of a few kinds, as they might be. */
import type { Items, KindResults, KindRotation, KindsOfVersion } from '../lab/bench/kinds/results.ts';

export function someItems(passive: Partial<Items['passive']> = {}, active: Partial<Items['active']> = {}): Items {
  const untroubled = { holeS: 5.002, lost: 0, latestS: 1.2 };
  return { passive: { ...untroubled, ...passive }, active: { ...untroubled, latestS: 5.8, ...active } };
}

export function aKindRotation(changes: Partial<KindRotation> = {}): KindRotation {
  return {
    ...{ kind: 'host', reload: 'without', round: 1, beganAfterRenewalS: 15 },
    ...{ gate: 'shadow-agent', acceptedS: 30, provenS: 42.5 },
    ...changes,
  };
}

export function aVersionOfKinds(rotations: KindRotation[], more: Partial<KindsOfVersion> = {}): KindsOfVersion {
  return { zabbix: '6.0.14', cacheUpdateS: 60, loadAverage: [0.4, 0.6], rotations, leftOut: [], ...more };
}

export function someKindResults(versions: KindsOfVersion[]): KindResults {
  const computer = { cores: 2, memoryGb: 24, kernel: 'Linux 6.1', node: 'v24.0.0' };
  return { measuredAt: '2026-01-05T12:00:00.000Z', computer, settings: {}, versions };
}
