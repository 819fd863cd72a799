/**
 * What the rotation and the repair function have in common: the bundle, the environment, a role and a log of their own. What
 * each may do is in its policy, what calls it in its construct.
 */
import { fileURLToPath } from 'node:url';
import { Duration, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type ICommandHooks, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { environmentKeys } from '../lambda/contract.ts';
import type { Access } from './access.ts';
import type { Documents } from './documents.ts';
import type { EvidenceBucket } from './evidence-bucket.ts';
import type { FingerprintKey } from './fingerprint-key.ts';
import { FunctionLog } from './function-log.ts';
import { attach } from './function-network.ts';
import type { Timeouts } from './inventory/timeouts.ts';
import type { Zabbix } from './inventory/zabbix.ts';
import type { Network } from './inventory.ts';
import { type Reload, reloadVariables } from './reload.ts';

/**
 * Ways to find credentials that the SDK loads when it needs them. In Lambda it never does: they are in the environment.
 * Leaving them out makes the bundle a quarter smaller.
 */
const otherCredentials = [
  '@aws-sdk/credential-provider-http',
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/credential-provider-process',
  '@aws-sdk/credential-provider-sso',
  '@aws-sdk/credential-provider-web-identity',
  '@aws-sdk/token-providers',
  '@smithy/credential-provider-imds',
];

/** The parties that a function speaks to, and how patient it is with them. */
export interface ServiceFunctionProps {
  /** Encrypts the log, and the secrets that the function reads and writes. */
  readonly key: IKey;
  readonly documents: Documents;
  /** Holds what the function signs in to Zabbix with. */
  readonly access: Access;
  /** Keeps the record of every rotation. */
  readonly evidenceBucket: EvidenceBucket;
  /** Holds the HMAC key by which records name keys. */
  readonly fingerprintKey: FingerprintKey;
  readonly zabbix: Zabbix;
  readonly timeouts: Timeouts;
  /** Absent: no cache is reloaded. */
  readonly reload?: Reload;
  /** Absent: outside any VPC. */
  readonly network?: Network;
}

export interface Task {
  /** `lambda/rotate.ts` */
  readonly entry: string;
  /** Ends the sentence "The function that …". */
  readonly does: string;
  /** Test events of the console. */
  readonly testEvents: string;
  /** Why a call that failed is neither repeated by Lambda nor kept in a queue. */
  readonly noReplay: string;
  /** Why no concurrency is reserved. */
  readonly noReservation: string;
  /** Files that it reads as they are: they lie beside the bundle. */
  readonly beside?: readonly string[];
}

export abstract class ServiceFunction extends Construct {
  readonly function: NodejsFunction;
  readonly log: FunctionLog;
  protected readonly role: Role;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps, task: Task) {
    super(scope, id);
    this.log = new FunctionLog(this, 'Log', props.key);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `The function that ${task.does}`,
    });
    this.function = this.#function(props, task);
    if (props.network !== undefined) attach(this.function, this.role, props.network);
    this.#explainExceptions(props, task);
  }

  #function(props: ServiceFunctionProps, { entry, does, testEvents, beside = [] }: Task): NodejsFunction {
    return new NodejsFunction(this, 'Function', {
      description: `${does.charAt(0).toUpperCase()}${does.slice(1)}. Test event: ${testEvents}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      entry: fromRoot(entry),
      projectRoot: fromRoot('.'),
      depsLockFilePath: fromRoot('package-lock.json'),
      bundling: {
        minify: true,
        format: OutputFormat.ESM,
        // Without it esbuild takes the CommonJS builds of the SDK, which cannot be pruned: +70 %.
        mainFields: ['module', 'main'],
        // Everything else of the SDK is bundled: the Lambda runtime's own changes without a deploy, this one the lab has tested.
        externalModules: otherCredentials,
        // No source map: the errors that matter carry a code and a sentence, and reading one costs time at every cold start.
        sourceMap: false,
        ...(beside.length === 0 ? {} : { commandHooks: copying(beside) }),
      },
      awsSdkConnectionReuse: false, // a variable that only version 2 of the SDK reads
      environment: environment(props),
      // Lambda's longest. The waits are Zabbix' own (its cache reload); the function ends by itself before this.
      timeout: Duration.minutes(15),
      // Memory buys CPU for the start and for TLS; the rest of a rotation is waiting.
      memorySize: 512,
      // See noReplay of each.
      retryAttempts: 0,
      role: this.role,
      logGroup: this.log,
      loggingFormat: LoggingFormat.JSON,
    });
  }

  #explainExceptions({ network }: ServiceFunctionProps, { noReplay, noReservation }: Task): void {
    Validations.of(this.function).acknowledge(
      { id: 'Serverless-LambdaDLQ', reason: noReplay },
      { id: 'Serverless-LambdaAsyncFailureDestination', reason: noReplay },
      { id: 'NIST.800.53.R5-LambdaDLQ', reason: noReplay },
      { id: 'NIST.800.53.R5-LambdaConcurrency', reason: noReservation },
      {
        id: 'Serverless-LambdaTracing',
        reason:
          'One function and no chain to follow: the record of every rotation holds the time of each phase, and a trace would want two more rights on every resource.',
      },
    );
    if (network !== undefined) return;
    Validations.of(this.function).acknowledge({
      id: 'NIST.800.53.R5-LambdaInsideVPC',
      reason:
        'The inventory names no subnets: Zabbix is reached over the Internet, by TLS only. With "network" in the inventory the function runs inside the VPC.',
    });
  }
}

function copying(files: readonly string[]): ICommandHooks {
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (from, to) => files.map((file) => `cp "${from}/${file}" "${to}"`),
  };
}

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

function environment({
  documents,
  access,
  zabbix,
  timeouts,
  reload = { servers: [], proxies: new Map() },
  evidenceBucket,
  fingerprintKey,
}: ServiceFunctionProps): Record<string, string> {
  const reloads = reloadVariables(reload);
  return {
    ...documents.environment,
    [environmentKeys.zabbixUrl]: zabbix.url,
    [environmentKeys.zabbixAccessSecret]: access.secretArn,
    ...optional(environmentKeys.zabbixCaPem, zabbix.caPem),
    ...optional(environmentKeys.zabbixServer, zabbix.server),
    ...optional(environmentKeys.zabbixPlaces, zabbix.places?.join(',')),
    ...optional(environmentKeys.zabbixProbeScript, zabbix.probeScript),
    ...optional(environmentKeys.zabbixNewerVersions, zabbix.newerVersions),
    ...optional(environmentKeys.proxyConfigFrequencyS, zabbix.proxyConfigFrequencyS?.toString()),
    [environmentKeys.serverWaitS]: String(timeouts.serverWaitS),
    [environmentKeys.agentStartS]: String(timeouts.agentStartS),
    [environmentKeys.proveTimeoutS]: String(timeouts.proveTimeoutS),
    ...optional(environmentKeys.reloadServers, reloads.servers || undefined),
    ...optional(environmentKeys.reloadProxies, reloads.proxies || undefined),
    [environmentKeys.evidenceBucket]: evidenceBucket.bucketName,
    [environmentKeys.fingerprintSecret]: fingerprintKey.secretArn,
  };
}

function optional(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}
