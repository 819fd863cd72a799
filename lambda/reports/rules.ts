/** What a report can find, worst first within a severity. Everything about a finding that is the same for all of its kind. */

export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

export interface Rule {
  readonly severity: Severity;
  readonly title: string;
  readonly remedy: string;
  /** NIST SP 800-53 r5, PCI DSS 4.0.1, NIST SP 800-57, ISO 27001:2022, NIS2 implementing regulation 2024/2690. */
  readonly controls: readonly Control[];
}

export const controls = {
  'NIST-800-53-r5:IA-5': 'Authenticator management',
  'NIST-800-53-r5:SC-12': 'Cryptographic key establishment and management',
  'NIST-800-53-r5:AC-2(1)': 'Automated system account management',
  'NIST-800-53-r5:AC-3(15)': 'Discretionary and mandatory access control',
  'PCI-DSS-4.0.1:8.3.9': 'Passwords as the only factor change every 90 days, or access is analysed',
  'PCI-DSS-4.0.1:8.6.3': 'Passwords of system accounts are protected against misuse and changed periodically',
  'PCI-DSS-4.0.1:3.7.4': 'Keys change at the end of their cryptoperiod (by analogy)',
  'NIST-SP-800-57:Table-1': 'A symmetric authentication key is used for at most two years',
  'ISO-27001-2022:A.8.24': 'Use of cryptography',
  'NIS2-2024/2690:9.1.2(c)': 'Activation and deactivation dates of keys',
} as const;
export type Control = keyof typeof controls;

const cryptography: readonly Control[] = ['NIST-800-53-r5:SC-12', 'ISO-27001-2022:A.8.24'];
const age: readonly Control[] = [
  'NIST-800-53-r5:IA-5',
  'NIST-800-53-r5:SC-12',
  'PCI-DSS-4.0.1:8.6.3',
  'PCI-DSS-4.0.1:3.7.4',
  'NIST-SP-800-57:Table-1',
  'NIS2-2024/2690:9.1.2(c)',
];
const protection: readonly Control[] = ['NIST-800-53-r5:IA-5', 'NIST-800-53-r5:AC-3(15)', 'PCI-DSS-4.0.1:8.6.3'];
const account: readonly Control[] = ['NIST-800-53-r5:SC-12', 'NIS2-2024/2690:9.1.2(c)'];

export const rules = {
  stranded: {
    severity: 'critical',
    title: 'Nobody can say which key holds',
    remedy: 'Call the repair function with {"repair": "<secret>"} and follow docs/runbook.md, STRANDED.',
    controls: account,
  },
  'records-broken': {
    severity: 'critical',
    title: 'The chain of records is broken',
    remedy: 'Find out who changed the bucket (CloudTrail, S3 versions) and restore the version that was there first.',
    controls: account,
  },
  drift: {
    severity: 'high',
    title: 'Secret, Zabbix and node do not hold the same key',
    remedy: 'Bring the side that differs back to the key of the two others, then rotate: docs/report.md, "Drift".',
    controls: ['NIST-800-53-r5:IA-5', ...account],
  },
  unencrypted: {
    severity: 'high',
    title: 'Talks without encryption',
    remedy:
      'Take it into the inventory with "firstEncryption" (docs/rotation.md), or give it a PSK in both directions first.',
    controls: cryptography,
  },
  'key-file-open': {
    severity: 'high',
    title: 'Every user of the node can read the key',
    remedy: 'chmod 0400 for the agent’s user, then rotate: the key must be taken as known.',
    controls: protection,
  },
  'one-direction-open': {
    severity: 'medium',
    title: 'One direction is not encrypted',
    remedy: 'Set PSK for connections to and from it in Zabbix, and TLSConnect and TLSAccept on the node.',
    controls: cryptography,
  },
  unfinished: {
    severity: 'medium',
    title: 'A rotation has begun and not ended',
    remedy: 'The repair function ends it at its next hourly look; {"repair": "<secret>"} does it now.',
    controls: account,
  },
  'last-one-failed': {
    severity: 'medium',
    title: 'The last rotation did not succeed',
    remedy: 'Mend what its sentence names, then {"rotate": "<secret>"}.',
    controls: age,
  },
  overdue: {
    severity: 'medium',
    title: 'The key should have been changed',
    remedy: 'Look why the rotation did not run (alarms, rotation.ended in the log), then {"rotate": "<secret>"}.',
    controls: ['PCI-DSS-4.0.1:8.3.9', ...age],
  },
  'never-rotated': {
    severity: 'medium',
    title: 'Never rotated since it was adopted',
    remedy: '{"rotate": "<secret>"}: whoever made the first key knows it.',
    controls: age,
  },
  'not-scheduled': {
    severity: 'medium',
    title: 'The secret has no rotation',
    remedy: 'Take it into the inventory with a schedule and deploy.',
    controls: ['NIST-800-53-r5:AC-2(1)', ...age],
  },
  'not-adopted': {
    severity: 'medium',
    title: 'The secret holds no credential that can be read',
    remedy: 'Put the identity, the key and the targets in use into it: README, "Adopt a host".',
    controls: age,
  },
  'not-covered': {
    severity: 'medium',
    title: 'Uses a key that nobody rotates',
    remedy: 'Take it into the inventory, or waive it with an owner and an end.',
    controls: ['NIST-800-53-r5:AC-2(1)', ...age],
  },
  'shared-identity': {
    severity: 'medium',
    title: 'Shares its key with others',
    remedy: 'One secret for each: who is root on one of them can speak for all.',
    controls: protection,
  },
  'named-twice': {
    severity: 'medium',
    title: 'Two secrets have the same target',
    remedy: 'Take it out of one of them: each rotation would undo the other.',
    controls: account,
  },
  'target-missing': {
    severity: 'medium',
    title: 'Zabbix does not show this target',
    remedy:
      'Correct the target’s name (case-sensitive), give the API user the right to it, or take it out of the secret.',
    controls: account,
  },
  'byte-order-mark': {
    severity: 'medium',
    title: 'A file begins with a byte order mark',
    remedy: 'Write the file anew without it (UTF-8 without BOM): an agent that is restarted does not come up.',
    controls: cryptography,
  },
  'not-inspected': {
    severity: 'medium',
    title: 'The node did not tell what it holds',
    remedy: 'See that its SSM agent is online and that what its sentence names is mended.',
    controls: account,
  },
  'not-asked': {
    severity: 'medium',
    title: 'A part could not be looked at',
    remedy:
      'Give the report function the right that its sentence names; until then the report is silent about this part.',
    controls: account,
  },
  'waiver-expired': {
    severity: 'medium',
    title: 'A waiver has expired',
    remedy: 'Mend what it waived, or have its owner decide again.',
    controls: ['NIST-800-53-r5:AC-3(15)'],
  },
  'api-reader': {
    severity: 'medium',
    title: 'A user of the API can guess keys',
    remedy: 'A role without host.get, or no right to the hosts’ groups: docs/security.md.',
    controls: protection,
  },
  'short-key': {
    severity: 'low',
    title: 'The key is shorter than 32 bytes',
    remedy: 'Leave "keyBytes" out of the secret (32) or raise it, then rotate.',
    controls: ['NIST-800-53-r5:SC-12', 'ISO-27001-2022:A.8.24'],
  },
  'waiver-unused': {
    severity: 'low',
    title: 'A waiver waives nothing',
    remedy: 'Remove it, or correct the name in it.',
    controls: ['NIST-800-53-r5:AC-3(15)'],
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;
export function isRule(name: string): name is RuleName {
  return Object.hasOwn(rules, name);
}
/** In the order of the table. */
export const ruleNames: readonly RuleName[] = Object.keys(rules).filter(isRule);
