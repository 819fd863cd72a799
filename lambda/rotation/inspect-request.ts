import { keyless } from '../contract.ts';
import { sentence } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { describeAutoregistration } from './describe-autoregistration.ts';
import { hostProblem } from './host-problem.ts';
import { readVersions, unfinishedVersion } from './load.ts';
import {
  type Credential,
  type CurrentValue,
  fingerprintOf,
  type Inspection,
  isOfAutoregistration,
  type KeylessValue,
  type MonitoredHost,
  type NodeTarget,
  onNodes,
  type Protection,
  type RotationIds,
} from './model.ts';
import { byNode, proxiesFirst } from './node-mates.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { proxyBefore } from './proxy-before.ts';
import type { Answer } from './rotate-request.ts';
import { slowProxyOf, slowProxyProblem } from './slow-proxy.ts';
import { waitsUntil } from './waiting.ts';

export interface InspectRequest {
  /** Name or ARN of the secret. */
  readonly inspect: string;
}

/** `{"inspect": …}` from the Lambda console: changes nothing; tells what is, and what a rotation would do. */
export async function requestInspection(
  { inspect }: InspectRequest,
  ports: Ports,
  deadline: Deadline,
): Promise<Answer> {
  const labels = await ports.secrets.labels(inspect);
  const unfinished = unfinishedVersion(labels);
  const versionId = unfinished ?? labels.current ?? '';
  const { current, pending } = await readVersions(labels, versionId, ports.secrets);
  const says = [
    `${labels.secretName} ${held(current)} for ${count(current.targets.length, 'target')}.`,
    `Zabbix answers with version ${await ports.monitor.version()}.`,
  ];
  if (unfinished !== undefined)
    says.push(
      `A rotation is unfinished: version ${unfinished} is AWSPENDING${pending === undefined ? ', without a key' : ` with key ${pending.key.fingerprint}`}.`,
    );
  for (const waiting of labels.waiting)
    if (waiting.versionId === unfinished)
      says.push(`It ${waitsUntil(waiting)}; the repair function looks every few minutes and ends it.`);
  const open = unfinished === undefined ? undefined : pending;
  if (current.key !== undefined && isOfAutoregistration(current))
    says.push(...(await describeAutoregistration(current, open, labels, ports)));
  for (const target of onNodes(current.targets)) {
    const ids = { secretId: labels.secretId, versionId, current };
    says.push(...(await describe(target, current, open, ids, labels, ports, deadline)));
  }
  says.push(plan(current, labels, unfinished !== undefined));
  return { says };
}

async function describe(
  target: NodeTarget,
  current: CurrentValue,
  pending: Credential | undefined,
  ids: RotationIds,
  { secretName }: SecretLabels,
  ports: Ports,
  deadline: Deadline,
): Promise<readonly string[]> {
  const says: string[] = [];
  try {
    const { host, holds } = await ports.monitor.find<Protection>(
      target,
      pending === undefined ? [current] : [current, pending],
    );
    says.push(inZabbix(host, storedIn(holds, current, pending)));
    const stored =
      holds === 'untold' ? holds : holds === undefined ? 'other' : holds === current ? 'current' : 'pending';
    const proxy = await proxyBefore(host, ports.monitor);
    const problem = hostProblem(host, current, stored, secretName) ?? slowProxyProblem(host, proxy, ports);
    if (problem !== undefined) says.push(`A rotation would be refused: ${problem.message}.`);
    const slow = slowProxyOf(host, proxy, ports);
    if (slow !== undefined)
      says.push(
        `Its keys reach it by way of ${slow}, up to ${Math.round((ports.patience.proxyMs ?? 0) / 1000)} s after Zabbix has them: a rotation waits for that by itself.`,
      );
  } catch (error) {
    says.push(`Zabbix: ${sentence(error)}.`);
  }
  try {
    says.push(onNode(target, await ports.fleet.inspect(target, ids, deadline), current, pending));
  } catch (error) {
    says.push(`Node: ${sentence(error)}.`);
  }
  return says;
}

function storedIn(
  holds: Protection | 'untold' | undefined,
  current: Protection,
  pending: Credential | undefined,
): string {
  if (holds === 'untold') return 'does not tell which key it holds';
  if (holds === undefined)
    return current.key !== undefined
      ? 'holds another key than the secret'
      : current.certificate === undefined
        ? 'encrypts it already'
        : 'does not hold the certificate that the secret names';
  if (holds.key === undefined) return holds.certificate === undefined ? 'does not encrypt it' : 'takes its certificate';
  return `holds the key of ${holds === current ? 'AWSCURRENT' : holds === pending ? 'AWSPENDING' : 'nobody'}`;
}

function inZabbix(host: MonitoredHost, stored: string): string {
  if (host.kind === 'proxy')
    return `${host.name}: Zabbix ${stored} and was in contact with the proxy ${host.seen.serverS - (host.witness?.lastS ?? 0)} s ago.`;
  const contact =
    host.reachable === undefined
      ? 'and polls nothing there'
      : host.reachable.yes
        ? 'and reaches its agent'
        : `and cannot reach its agent (${host.reachable.error})`;
  return `${host.name}: Zabbix ${stored} ${contact}.`;
}

function onNode(
  { name, node }: NodeTarget,
  found: Inspection,
  current: Protection,
  pending: Credential | undefined,
): string {
  if (keyless.some((word) => word === found.fingerprint))
    return `${name}: ${found.agent} ${found.agentVersion} on ${node} ${found.running ? 'runs' : 'does NOT run'} ${found.fingerprint === 'certificate' ? 'with a certificate; its first key' : 'without a key; its first one'} would come into ${found.keyFile}${busyWith(found)}.`;
  const key =
    found.fingerprint === fingerprintOf(current)
      ? 'the key of AWSCURRENT'
      : found.fingerprint === pending?.key.fingerprint
        ? 'the key of AWSPENDING'
        : `another key (${found.fingerprint})`;
  return `${name}: ${found.agent} ${found.agentVersion} on ${node} ${found.running ? 'runs' : 'does NOT run'} with ${key} in ${found.keyFile} (mode ${found.keyMode}), identity "${found.identity}"${busyWith(found)}.`;
}

function busyWith({ rotation }: Inspection): string {
  return rotation === undefined ? '' : `; rotation ${rotation.versionId} is ${rotation.phase} there`;
}

function held(current: CurrentValue): string {
  if (current.key === undefined)
    return current.certificate === undefined ? 'says that nothing is encrypted yet' : 'says that certificates are used';
  return `holds identity "${current.identity}" with a key of ${current.key.bytes} bytes (${current.key.fingerprint})`;
}

function plan(current: CurrentValue, { secretName }: SecretLabels, unfinished: boolean): string {
  if (unfinished) return `A rotation asked for now would be refused until the unfinished one has ended.`;
  const { keyBytes, identityMode, targets } = current;
  if (current.key === undefined) return planFirst(current, secretName);
  const identity = identityMode === 'fixed' ? 'keep the identity' : 'use a new identity';
  const minted = `A rotation of ${secretName} would mint a key of ${keyBytes} bytes, ${identity}`;
  if (isOfAutoregistration({ targets })) return `${minted}, and give it to Zabbix for autoregistration.`;
  const { proxies, hosts } = proxiesFirst(byNode(onNodes(targets).map((target) => ({ target }))));
  const named = [...proxies, ...hosts].map((mates) => mates.map(({ target }) => target.name).join(' together with '));
  return `${minted}, and switch ${named.join(', then ')}.`;
}

function planFirst({ keyBytes, takes, certificate, targets }: KeylessValue, secretName: string): string {
  const named = targets.map(({ name }) => name).join(', then ');
  if (certificate !== undefined && takes !== undefined)
    return takes === 'only-psk'
      ? `A rotation of ${secretName} would mint a key of ${keyBytes} bytes and give ${named} its first one in place of the certificate.`
      : `A rotation of ${secretName} would be refused: with certificates in use "firstEncryption" must be "only-psk".`;
  switch (takes) {
    case undefined:
      return `A rotation of ${secretName} would be refused: its entry in the inventory has no "firstEncryption".`;
    case 'only-psk':
      return `A rotation of ${secretName} would mint a key of ${keyBytes} bytes, encrypt ${named} for the first time, and close the unencrypted door.`;
    case 'unencrypted-too':
      return `A rotation of ${secretName} would mint a key of ${keyBytes} bytes and encrypt ${named} for the first time; unencrypted connections would go on being taken.`;
  }
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
