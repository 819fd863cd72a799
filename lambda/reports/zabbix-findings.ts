import { listed } from './asked.ts';
import { find } from './find.ts';
import type { Gathered, Method, Reader } from './gathered.ts';
import type { CoverageRow, Finding } from './report-shape.ts';

/** What Zabbix' own settings show: who talks in clear, who uses a key that nobody rotates, who can read hosts. */
export function zabbixFindings({ zabbix }: Gathered, coverage: readonly CoverageRow[]): readonly Finding[] {
  return [...coverage.flatMap(ofRow), ...listed(zabbix.readers).map(ofReader)];
}

function ofRow(row: CoverageRow): readonly Finding[] {
  const { kind, name, encryption, managed, enabled, secret } = row;
  // A host that Zabbix does not monitor says nothing on the network, and one without an agent has nothing to encrypt.
  if (!enabled || (managed === 'not-ours' && encryption !== 'certificate')) return [];
  const found = { kind, name, ...(secret === undefined ? {} : { secret }) };
  const findings: Finding[] = [];
  if (encryption === 'none') findings.push(find('unencrypted', { ...found, evidence: directions(row) }));
  if (encryption === 'open') findings.push(find('one-direction-open', { ...found, evidence: directions(row) }));
  if (managed === 'not-managed' && encryption !== 'none')
    findings.push(
      find('not-covered', { ...found, evidence: `${directions(row)}; no secret of ours has it as a target` }),
    );
  return findings;
}

function directions({ connect, accept }: CoverageRow): string {
  const parts = [
    ...(connect === null ? [] : [`connections to it: ${words[connect]}`]),
    ...(accept === null ? [] : [`connections from it: ${accept.map((method) => words[method]).join(' or ')}`]),
  ];
  return `Zabbix has ${parts.join(', ')}`;
}

const words: Readonly<Record<Method, string>> = { none: 'no encryption', psk: 'PSK', certificate: 'certificate' };

function ofReader({ user, role, reads }: Reader): Finding {
  const what = reads === 'all' ? 'every host' : `the hosts of ${reads} group${reads === 1 ? '' : 's'}`;
  return find('api-reader', {
    kind: 'user',
    name: user,
    evidence: `role ${role}: may call host.get and read ${what}; Zabbix compares keys in a filter, so a key can be guessed digit by digit`,
  });
}
