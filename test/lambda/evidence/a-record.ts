import type { EvidenceRecord } from '../../../lambda/evidence/record.ts';

/** The first record of a secret: web-01 was rotated, by the book. */
export function aRecord(changes: Partial<EvidenceRecord> = {}): EvidenceRecord {
  return {
    format: 1,
    sequence: 1,
    previous: null,
    action: 'rotation',
    outcome: 'rotated',
    because: null,
    secret: {
      name: 'zabbix-psk/web-01',
      arn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/web-01-AbCdEf',
    },
    versionId: '5f0c1a52-7c52-4a31-9c8e-1f7b3a0d9e11',
    trigger: 'secrets-manager',
    endedAt: '2026-11-01T03:01:12.000Z',
    endedBy: {
      task: 'rotate',
      function: 'ZabbixPskRotation-RotatorFunction',
      version: '$LATEST',
      codeSha256: 'c0de'.repeat(16),
      logStream: '2026/11/01/[$LATEST]0123456789abcdef0123456789abcdef',
    },
    document: { name: 'ZabbixPskRotation-Documentsswitch', version: '3', hash: 'd0c5'.repeat(16) },
    fingerprintKey: '0a1b2c3d',
    old: {
      identity: 'web-01',
      keyBytes: 32,
      fingerprint: '00112233445566778899',
      activatedAt: null,
      deactivatedAt: '2026-11-01T03:00:41.500Z',
    },
    new: {
      identity: 'web-01.k7q2x9',
      keyBytes: 32,
      fingerprint: '99887766554433221100',
      activatedAt: '2026-11-01T03:00:41.500Z',
      deactivatedAt: null,
    },
    targets: [
      {
        kind: 'host',
        name: 'web-01',
        node: 'i-0abc1234567890def',
        uses: 'new',
        gate: 'shadow-agent',
        serverWaitMs: 8400,
        agentDownMs: 203,
        switchedAt: '2026-11-01T03:00:41.500Z',
        proof: {
          verdict: 'proven',
          node: 'new',
          zabbix: 'new',
          contact: { item: 'agent.ping', at: '2026-11-01T03:01:02.000Z', clockOf: 'server' },
          oldKey: 'refused',
          because: null,
        },
      },
    ],
    ...changes,
  };
}
