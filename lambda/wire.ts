import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { readConfig } from './config.ts';
import { ServiceError, Stranded, sentence } from './errors.ts';
import { keepRecords, logArchive } from './evidence/archive.ts';
import { type Fingerprints, fingerprintsWith } from './evidence/fingerprint.ts';
import { s3Bucket } from './evidence/s3.ts';
import { documentVersion } from './fleet/document-version.ts';
import { fleetByRunCommand } from './fleet/fleet.ts';
import { reloaderByRunCommand } from './fleet/reloader.ts';
import { runCommand } from './fleet/run-command.ts';
import { Deadline } from './rotation/deadline.ts';
import { inTime } from './rotation/in-time.ts';
import type { Clock, Ports } from './rotation/ports.ts';
import { secretStore } from './secrets/secret-store.ts';
import { type Task, thisFunction } from './this-function.ts';
import { parseAccess } from './zabbix/access.ts';
import { jsonRpc } from './zabbix/json-rpc.ts';
import { zabbixMonitor } from './zabbix/monitor.ts';
import { openSession } from './zabbix/session.ts';

const clock: Clock = {
  now: () => ({ ms: Date.now() }),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
/** Straight to stdout: console.log would wrap our JSON into a string of Lambda's own JSON. */
const log = logArchive((line) => process.stdout.write(`${line}\n`), clock);

/** Kept for as long as Lambda keeps this environment: clients and the Zabbix session outlive one call. */
let ports: Ports | undefined;

/** A margin to write the last line and answer in, before Lambda ends the process. Milliseconds. */
const marginMs = 5_000;

/**
 * Runs one call of a function on the real parties.
 *
 * @param remainingMs what Lambda still gives this call
 * @throws what ended the call, as one sentence; Lambda and Secrets Manager show it
 */
export async function onPorts<T>(
  task: Task,
  remainingMs: number,
  call: (ports: Ports, deadline: Deadline) => Promise<T>,
): Promise<T> {
  try {
    ports ??= await wire(task);
    const deadline = Deadline.in(remainingMs - marginMs, clock);
    return await call(inTime(ports, deadline), deadline);
  } catch (error) {
    await log.append({
      event: 'call.failed',
      ...(error instanceof ServiceError || error instanceof Stranded ? { code: error.code, leaves: error.leaves } : {}),
      says: sentence(error),
    });
    throw error;
  }
}

async function wire(task: Task): Promise<Ports> {
  const {
    documents,
    reload,
    patience,
    zabbixUrl,
    zabbixCaPem,
    zabbixServer,
    zabbixPlaces,
    zabbixProbeScript,
    zabbixNewerVersions,
    zabbixAccessSecret,
    evidenceBucket,
    fingerprintSecret,
  } = readConfig(process.env);
  const secretsManager = new SecretsManagerClient({});
  const ssm = new SSMClient({ retryMode: 'adaptive', maxAttempts: 6 });
  const read = async (SecretId: string) =>
    (await secretsManager.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '';
  let fingerprints: Fingerprints | undefined;
  const records = keepRecords({
    bucket: s3Bucket({
      bucket: evidenceBucket,
      signing: { region: await secretsManager.config.region(), credentials: secretsManager.config.credentials },
      clock,
      endpoint: process.env.AWS_ENDPOINT_URL,
    }),
    fingerprints: async () => (fingerprints ??= fingerprintsWith(await read(fingerprintSecret))),
    endedBy: thisFunction(task, process.env, new URL(import.meta.url)),
    document: (verb) => documentVersion(ssm, documents[verb]),
    log,
  });
  const commands = runCommand({ ssm, clock, documents });
  return {
    clock,
    archive: { ...log, ...records },
    patience,
    secrets: secretStore(secretsManager, clock),
    fleet: fleetByRunCommand(commands, patience, clock),
    reloader: reloaderByRunCommand(commands, reload),
    monitor: zabbixMonitor({
      open: () =>
        openSession({
          rpc: jsonRpc({ url: zabbixUrl, caPem: zabbixCaPem }),
          access: async () => parseAccess(await read(zabbixAccessSecret)),
          newerVersions: zabbixNewerVersions,
          archive: log,
        }),
      clock,
      server: zabbixServer,
      places: zabbixPlaces,
      probeScript: zabbixProbeScript,
    }),
  };
}
