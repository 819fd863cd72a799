/** The stack as CloudFormation would get it, without the CDK's command line and without bundling the function. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { isRecord } from '../../infra/fields.ts';
import { parseInventory } from '../../infra/inventory.ts';
import { RotationStack } from '../../infra/stack.ts';

export const anInventory = {
  zabbix: { url: 'https://zabbix.example.com/api_jsonrpc.php' },
  secrets: [{ name: 'web-01', schedule: 'cron(0 3 1 * ? *)', window: '4h' }],
};

/** Hosts behind passive proxies before 7.0 are waited for. */
export const aPatientInventory = {
  ...anInventory,
  zabbix: { ...anInventory.zabbix, proxyConfigFrequencyS: 3_600 },
};

/** Every setting used but that of aPatientInventory, which takes a message away, so that every construct and every exception of the rule books is there. */
export const aFullInventory = {
  ...anInventory,
  zabbix: {
    ...anInventory.zabbix,
    server: 'zabbix.example.com:10051',
    places: ['zabbix-2.example.com', '[2001:db8::5]:10052'],
    probeScript: 'PSK probe',
    newerVersions: 'try-like-the-newest-known',
  },
  network: { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] },
  reload: {
    servers: ['mi-0123456789abcdef0'],
    proxies: { edge: 'mi-0123456789abcdef1', 'site 2': 'i-0123456789abcdef0' },
  },
  alarms: { email: 'on-call@example.com' },
  timeouts: { serverWaitS: 90, agentStartS: 20, proveTimeoutS: 100 },
  evidence: { retentionDays: 1_096, lock: 'compliance', encryption: 'stack-key' },
  report: { schedule: 'cron(0 6 1 * ? *)', sign: true },
  configRules: { maxDaysSinceRotation: 60 },
};

export function build(inventory: unknown = anInventory): { app: App; stack: Stack } {
  const context: unknown = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  const flags = isRecord(context) && isRecord(context.context) ? context.context : {};
  const app = new App({ context: { ...flags, 'aws:cdk:bundling-stacks': [] }, outdir: outdir() });
  return {
    app,
    stack: new RotationStack(app, 'Rotation', parseInventory(JSON.stringify(inventory), 'inventory.json')),
  };
}

export function synthesize(inventory?: unknown): Template {
  const { app, stack } = build(inventory);
  try {
    return Template.fromStack(stack);
  } finally {
    rmSync(app.outdir, { recursive: true, force: true });
  }
}

function outdir(): string {
  return mkdtempSync(join(tmpdir(), 'zabbix-psk-synthesis-'));
}
