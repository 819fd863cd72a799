/** The synthesized stack, deployed on the stand-in for AWS beside a Zabbix that runs already. One Zabbix can have several. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Door } from '../../lambda/contract.ts';
import { signingKey } from '../../lambda/kms/signing-key.ts';
import { type Cloud, type CloudOptions, startCloud } from './aws/cloud.ts';
import type { Json } from './aws/json.ts';
import type { RotationEnd } from './aws/rotation-end.ts';
import type { SmallHost } from './hosts/small-host.ts';
import type { SmallProxy } from './hosts/small-proxy.ts';
import { type LoggedFact, loggedFacts } from './logged-facts.ts';
import { type Synthesized, synthesize } from './synthesize.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { ZabbixLab } from './zabbix/zabbix-lab.ts';

/** What an operator writes into the inventory. */
export interface InventoryOptions {
  /** Names of the secrets in the inventory; `zabbix-psk/<name>` in Secrets Manager. */
  readonly secrets: readonly string[];
  /** Whether the inventory tells the function the server's port, so that it can probe it. Default false. */
  readonly serverPortIsOpen?: boolean;
  /** Whether the inventory asks for reports. Default false. */
  readonly reports?: boolean;
  /** Whether it asks for them to be signed. Default true. */
  readonly signed?: boolean;
  /** Addresses of this Zabbix that agents may report to, as in the inventory. Default: none but the server's where it is told. */
  readonly places?: readonly string[];
  /** Nodes whose configuration caches the functions may have reloaded, as in the inventory. Default: none. */
  readonly reload?: { readonly servers?: readonly string[]; readonly proxies?: Readonly<Record<string, string>> };
  /** The server's ProxyConfigFrequency, as in the inventory: hosts behind passive proxies of 6.0 are waited for. Default: not told. */
  readonly proxyConfigFrequencyS?: number;
  /** Whether records and reports are encrypted with the key of the stack, as in the inventory. Default: with S3's own. */
  readonly evidenceUnderStackKey?: boolean;
  /** Whether AWS Config is asked. Default false. */
  readonly configRules?: boolean;
  /** Secrets whose targets may be encrypted for the first time, with what they take afterwards. */
  readonly firstEncryption?: Readonly<Record<string, Door>>;
  /** Seconds, as in the inventory. */
  readonly timeouts?: Readonly<Partial<Record<'serverWaitS' | 'agentStartS' | 'proveTimeoutS', number>>>;
}

export interface DeploymentOptions extends Pick<CloudOptions, 'clock' | 'edit' | 'habits'> {
  /** How the function signs in: 6.0 lets only a user, not a token, execute the probe script. Default `token`. */
  readonly signIn?: 'token' | 'user';
}

/** What an operator writes into a secret beside identity, psk and targets. */
export interface AdoptOptions {
  readonly identityMode?: 'new' | 'fixed';
  readonly keyBytes?: number;
}

export interface Deployment {
  readonly cloud: Cloud;
  /** Name of the rotation function. */
  readonly rotator: string;
  /** Name of the repair function. */
  readonly repairer: string;
  /** Name of the report function, where the inventory asks for reports. */
  readonly reporter: string;
  /** Puts the key that hosts and proxies use today into a secret, as README's "Adopt a host" says. */
  adopt(secret: string, targets: readonly (SmallHost | SmallProxy)[], options?: AdoptOptions): Promise<void>;
  /** Puts a token, or a user's name and password, into the Zabbix access secret. */
  signInWith(access: object): Promise<void>;
  /** The text of a secret, put there as the operator. */
  put(secret: string, text: string): Promise<void>;
  /**
   * As "Rotate secret immediately" in the console; settles when Secrets Manager has ended the rotation, and the repair function
   * has done what it had to where one of its tries failed.
   */
  rotate(secret: string): Promise<RotationEnd>;
  /** A test event in the rotation function's console. */
  invoke(event: Json): ReturnType<Cloud['invoke']>;
  /** A test event in the repair function's console. */
  repair(secret: string): ReturnType<Cloud['invoke']>;
  /** A test event in the report function's console, where the inventory asks for reports. */
  report(days?: number): ReturnType<Cloud['invoke']>;
  /** The public half of the key that reports are signed with, as KMS gives it to the operator: PEM. */
  publicKey(): Promise<string>;
  /** What the report function signs in to Zabbix with. */
  reportSignsInWith(access: object): Promise<void>;
  /** Facts that the functions have logged, oldest first, of one secret or of all. */
  facts(secret?: string): readonly LoggedFact[];
  /** Ends the stand-in; Zabbix and its hosts stay. */
  close(): Promise<void>;
}

/** The template that an operator of this Zabbix would deploy; about 4 s. */
export async function synthesizeFor(
  zabbix: ZabbixLab,
  {
    secrets,
    serverPortIsOpen = false,
    reports = false,
    signed = true,
    places,
    reload,
    proxyConfigFrequencyS,
    evidenceUnderStackKey = false,
    configRules = false,
    firstEncryption,
    timeouts,
  }: InventoryOptions,
): Promise<Synthesized> {
  const { path: folder, remove } = await temporaryFolder('zabbix-psk-inventory');
  try {
    await writeFile(join(folder, 'ca.pem'), zabbix.caPem);
    const inventory = {
      zabbix: {
        url: zabbix.url,
        caFile: 'ca.pem',
        probeScript: zabbix.probe.name,
        ...(proxyConfigFrequencyS === undefined ? {} : { proxyConfigFrequencyS }),
        ...(places === undefined ? {} : { places }),
        ...(serverPortIsOpen ? { server: `${zabbix.server.ip}:10051` } : {}),
      },
      ...(reload === undefined ? {} : { reload }),
      ...(timeouts === undefined ? {} : { timeouts }),
      ...(evidenceUnderStackKey ? { evidence: { encryption: 'stack-key' } } : {}),
      ...(configRules ? { configRules: {} } : {}),
      ...(reports ? { report: { schedule: 'rate(30 days)', sign: signed } } : {}),
      secrets: secrets.map((name) => {
        const door = firstEncryption?.[name];
        return { name, schedule: 'rate(90 days)', ...(door === undefined ? {} : { firstEncryption: door }) };
      }),
    };
    await writeFile(join(folder, 'inventory.json'), JSON.stringify(inventory));
    return await synthesize({ inventory: join(folder, 'inventory.json') });
  } finally {
    await remove();
  }
}

/** @throws what a deployment would end with, when the stack cannot be made */
export async function deploy(
  zabbix: ZabbixLab,
  { cdkOut }: Synthesized,
  { signIn = 'token', ...options }: DeploymentOptions = {},
): Promise<Deployment> {
  const cloud = await startCloud({ cdkOut, ...options });
  try {
    // A deployment makes Secrets Manager test every rotation; a value put meanwhile would abandon that test.
    await cloud.settled();
    for (const { node } of [...zabbix.proxies, ...zabbix.hosts]) cloud.addNode(node);
    cloud.addNode(zabbix.serverNode);
    const deployment = drive(cloud);
    const { token, username, password } = zabbix.access;
    await deployment.signInWith(signIn === 'token' ? { token } : { username, password });
    return deployment;
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

function drive(cloud: Cloud): Deployment {
  const operator = new SecretsManagerClient(cloud.operator.client);

  async function put(secretId: string, text: string): Promise<void> {
    await operator.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: text }));
  }

  const rotator = output(cloud, 'RotationFunction');
  const repairer = output(cloud, 'RepairFunction');
  const { ReportFunction: reporter = '' } = cloud.stack.outputs;
  return {
    cloud,
    rotator,
    repairer,
    reporter,
    async adopt(secret, targets, more = {}) {
      const [first] = targets;
      if (first?.firstCredential == null)
        throw new RangeError('a secret is adopted with at least one host or proxy that has a key');
      const value = { ...first.firstCredential, targets: targets.map(({ target }) => target), ...more };
      await put(`zabbix-psk/${secret}`, JSON.stringify(value));
    },
    signInWith: (access) => put(output(cloud, 'AccessSecret'), JSON.stringify(access)),
    put: (secret, text) => put(`zabbix-psk/${secret}`, text),
    async rotate(secret) {
      const end = await cloud.rotate(`zabbix-psk/${secret}`);
      await cloud.handedOver(end.events);
      return end;
    },
    invoke: (event) => cloud.invoke(rotator, event),
    repair: (secret) => cloud.invoke(repairer, { repair: `zabbix-psk/${secret}` }),
    report: (days) => cloud.invoke(output(cloud, 'ReportFunction'), { report: days === undefined ? {} : { days } }),
    publicKey: () =>
      signingKey({
        keyArn: output(cloud, 'ReportSigningKey'),
        endpoint: cloud.endpoint,
        signing: cloud.operator.client,
        clock: { now: () => ({ ms: Date.now() }), sleep: setTimeout },
      }).publicKey(),
    reportSignsInWith: (access) => put(output(cloud, 'ReportAccessSecret'), JSON.stringify(access)),
    facts: (secret) => loggedFacts(cloud, secret),
    async close() {
      operator.destroy();
      await cloud.close();
    },
  };
}

function output(cloud: Cloud, name: string): string {
  const value = cloud.stack.outputs[name];
  if (typeof value !== 'string') throw new Error(`the stack has no output ${name}`);
  return value;
}
