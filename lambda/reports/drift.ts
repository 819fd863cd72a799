import type { GatheredTarget, Held } from './gathered.ts';

/** The side that does not hold what the others hold; `unclear`: the sides differ and nothing tells which one is right. */
export type Side = 'secret' | 'zabbix' | 'node' | 'unclear';

export interface Drift {
  readonly side: Side;
  readonly evidence: string;
}

/**
 * Compares the three sides of a target. Two that agree are right, whatever the third says; the secret is the measure because
 * the other two never give a key back, so what they hold is known only by comparison with its versions.
 *
 * @returns undefined when no difference is to be seen, also where a side could not be asked: that is a finding of its own
 */
export function driftOf({ zabbixHolds, inspection }: GatheredTarget): Drift | undefined {
  const zabbix = 'known' in zabbixHolds ? told(zabbixHolds.known) : undefined;
  const node = inspection.state === 'inspected' ? inspection : undefined;
  const side = differing(zabbix, node?.key, node?.identityInZabbix);
  if (side === undefined) return undefined;
  return { side, evidence: `Zabbix holds ${words(zabbix)}, the node ${words(node?.key)}; ${says[side]}` };
}

function told(held: Held | 'missing' | 'untold'): Held | undefined {
  return held === 'missing' || held === 'untold' ? undefined : held;
}

function differing(
  zabbix: Held | undefined,
  node: Held | undefined,
  identityInZabbix: boolean | undefined,
): Side | undefined {
  if (zabbix === undefined || node === undefined) {
    return (zabbix ?? node ?? 'current') === 'current' ? undefined : 'unclear';
  }
  if (zabbix === 'current') return node === 'current' ? undefined : 'node';
  if (node === 'current') return 'zabbix';
  if (zabbix !== 'other') return zabbix === node ? 'secret' : 'unclear';
  // Neither is a version of the secret. Zabbix knows no identity under two keys, so a common identity is a common key.
  return node === 'other' && identityInZabbix === true ? 'secret' : 'unclear';
}

const says: Readonly<Record<Side, string>> = {
  secret: 'they agree, so it is the secret that differs',
  zabbix: 'the node agrees with the secret, so it is Zabbix that differs',
  node: 'Zabbix agrees with the secret, so it is the node that differs',
  unclear: 'which side is right cannot be told from here',
};

function words(held: Held | undefined): string {
  switch (held) {
    case 'current':
      return 'the secret’s key';
    case 'pending':
      return 'the key of a rotation that has not ended';
    case 'previous':
      return 'the key before';
    case 'other':
      return 'a key that is in no version of the secret';
    case undefined:
      return 'we do not know which key';
  }
}
