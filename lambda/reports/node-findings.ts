import type { Known } from './coverage.ts';
import { driftOf } from './drift.ts';
import { find } from './find.ts';
import type { Inspection } from './gathered.ts';
import type { Finding } from './report-shape.ts';

/** What the comparison of the three sides and the look at the node show of one target. */
export function targetFindings({ secret, target, last }: Known): readonly Finding[] {
  const { kind, name, node, zabbixHolds, inspection } = target;
  const found = { kind, name, secret: secret.name };
  const findings = [...ofInspection(inspection, node, found)];
  if ('unknown' in zabbixHolds)
    findings.push(
      find('not-asked', { ...found, evidence: `which key Zabbix holds is not known: ${zabbixHolds.unknown}` }),
    );
  else if (zabbixHolds.known === 'missing')
    findings.push(find('target-missing', { ...found, evidence: `${secret.name} names it as a target` }));

  const drift = driftOf(target);
  // While a rotation is open, or nobody knows, the sides may differ: that is said already.
  if (drift !== undefined && !secret.unfinished && last?.outcome !== 'stranded')
    findings.push(find('drift', { ...found, ...drift }));
  return findings;
}

function ofInspection(
  inspection: Inspection,
  node: string | undefined,
  found: Pick<Finding, 'kind' | 'name'> & { readonly secret: string },
): readonly Finding[] {
  switch (inspection.state) {
    case 'inspected': {
      const { keyFile, keyMode, keyOwner } = inspection;
      if (!othersMayRead(keyMode)) return [];
      const evidence = `${keyFile} on ${node} has mode ${keyMode}, owner ${keyOwner}`;
      return [find('key-file-open', { ...found, evidence })];
    }
    case 'refused': {
      const evidence = `inspect on ${node}: ${inspection.says}`;
      return [find(inspection.byteOrderMark ? 'byte-order-mark' : 'not-inspected', { ...found, evidence })];
    }
    case 'unreachable':
      return [find('not-inspected', { ...found, evidence: inspection.says })];
    // One finding for all of them: findings.ts.
    case 'not-asked':
    case 'no-node':
      return [];
  }
}

/** The last octal digit is for everybody who is neither owner nor in the group; 4 is to read. */
function othersMayRead(mode: string): boolean {
  return (Number.parseInt(mode.slice(-1), 8) & 4) !== 0;
}
