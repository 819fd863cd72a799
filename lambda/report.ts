import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Context } from 'aws-lambda';
import { readConfig } from './config.ts';
import { ServiceError, sentence } from './errors.ts';
import { logArchive } from './evidence/archive.ts';
import { s3Bucket } from './evidence/s3.ts';
import { looking } from './fleet/look.ts';
import { runCommand } from './fleet/run-command.ts';
import { signingKey } from './kms/signing-key.ts';
import { parseReportEvent } from './report-event.ts';
import { makeReport } from './reports/make-report.ts';
import type { ReportPorts } from './reports/ports.ts';
import { Deadline } from './rotation/deadline.ts';
import type { Clock } from './rotation/ports.ts';
import { listPolicies } from './secrets/list-policies.ts';
import { orRefused } from './secrets/or-refused.ts';
import { secretStore } from './secrets/secret-store.ts';
import { parseAccess } from './zabbix/access.ts';
import { zabbixInventory } from './zabbix/inventory.ts';
import { jsonRpc } from './zabbix/json-rpc.ts';
import { openSession } from './zabbix/session.ts';

const clock: Clock = {
  now: () => ({ ms: Date.now() }),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
const log = logArchive((line) => process.stdout.write(`${line}\n`), clock);

/** A margin to write the last line and answer in, before Lambda ends the process. Milliseconds. */
const marginMs = 5_000;

/**
 * The report function: compares secrets, Zabbix and nodes, and puts the report into the evidence bucket. It changes nothing
 * else anywhere. Called by a schedule, and from the Lambda console with `{"report": {}}`.
 *
 * @throws what kept it from writing a report, as one sentence
 */
export async function handler(
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis' | 'invokedFunctionArn'>,
): Promise<{ readonly says: string; readonly folder: string }> {
  try {
    const days = parseReportEvent(event);
    const deadline = Deadline.in(context.getRemainingTimeInMillis() - marginMs, clock);
    const { says, folder, report } = await makeReport(days, hubOf(context.invokedFunctionArn), await wire(), deadline);
    await log.append({ event: 'report.made', folder, ...report.summary });
    return { says, folder };
  } catch (error) {
    const known = error instanceof ServiceError ? { code: error.code, leaves: error.leaves } : {};
    await log.append({ event: 'call.failed', ...known, says: sentence(error) });
    throw error;
  }
}

/** Security Hub of the function's own account and Region: `arn:aws:lambda:eu-central-1:123456789012:function:…`. */
function hubOf(functionArn: string) {
  const [, partition = '', , region = '', account = ''] = functionArn.split(':');
  return { partition, region, account };
}

async function wire(): Promise<ReportPorts> {
  const config = readConfig(process.env);
  const secretsManager = new SecretsManagerClient({});
  const commands = runCommand({
    ssm: new SSMClient({ retryMode: 'adaptive', maxAttempts: 6 }),
    clock,
    documents: config.documents,
  });
  const access = async () => {
    const wanted = new GetSecretValueCommand({ SecretId: config.zabbixAccessSecret });
    const { SecretString } = await orRefused('the Zabbix access secret', () => secretsManager.send(wanted));
    return parseAccess(SecretString ?? '');
  };
  const store = secretStore(secretsManager, clock);
  const byHand = {
    signing: { region: await secretsManager.config.region(), credentials: secretsManager.config.credentials },
    clock,
    endpoint: process.env.AWS_ENDPOINT_URL,
  };
  return {
    clock,
    inventory: zabbixInventory(() =>
      openSession({
        rpc: jsonRpc({ url: config.zabbixUrl, caPem: config.zabbixCaPem }),
        access,
        newerVersions: config.zabbixNewerVersions,
        archive: log,
      }),
    ),
    policies: {
      list: () => orRefused('the list of secrets', () => listPolicies(secretsManager)),
      value: ({ arn, name }, versionId) =>
        orRefused(name, () => store.read({ secretId: arn, secretName: name, firstEncryption: undefined }, versionId)),
    },
    nodes: looking(commands, clock),
    bucket: s3Bucket({ bucket: config.evidenceBucket, ...byHand }),
    signer: config.signingKey === undefined ? undefined : signingKey({ keyArn: config.signingKey, ...byHand }),
  };
}
