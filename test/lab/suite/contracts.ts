import { randomBytes, randomUUID } from 'node:crypto';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe } from 'vitest';
import { documentEnvironmentKey, type Verb } from '../../../lambda/contract.ts';
import { fleetByRunCommand } from '../../../lambda/fleet/fleet.ts';
import { reloaderByRunCommand } from '../../../lambda/fleet/reloader.ts';
import { runCommand } from '../../../lambda/fleet/run-command.ts';
import { nextIdentity } from '../../../lambda/rotation/identity.ts';
import type { NodeTarget, SecretValue } from '../../../lambda/rotation/model.ts';
import type { Clock, Monitor } from '../../../lambda/rotation/ports.ts';
import { PskKey } from '../../../lambda/rotation/psk.ts';
import { jsonRpc } from '../../../lambda/zabbix/json-rpc.ts';
import { zabbixMonitor } from '../../../lambda/zabbix/monitor.ts';
import { openSession } from '../../../lambda/zabbix/session.ts';
import { fleetContract } from '../../contracts/fleet.ts';
import { monitorContract } from '../../contracts/monitor.ts';
import { reloaderContract } from '../../contracts/reloader.ts';
import { type ContractSite, Stage } from '../../contracts/site.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { giveAutoregistration } from '../zabbix/autoregistration.ts';

/** A switch that waits in vain is waited for, and so is a restart on a busy computer. Milliseconds. */
const patience = { serverWaitMs: 6_000, agentStartMs: 10_000, proveMs: 60_000 };

/** The adapters pause for the sake of AWS' limits; the stand-in has none. */
const clock: Clock = {
  now: () => ({ ms: Date.now() }),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 250))),
};

/** The contracts that the fakes keep (test/contracts), on the real adapters, Run Command's stand-in and a real Zabbix. */
export function contractsOn(version: ZabbixVersion): void {
  describe(`the adapters on Zabbix ${version}`, () => {
    let lab: Lab | undefined;
    const stage = new Stage(async () => {
      lab = await startLab({
        version,
        server: { cacheUpdateFrequencyS: 2 },
        rotates: 'proxies',
        secrets: ['contract'],
      });
      return siteOf(lab);
    });
    beforeAll(() => stage.open());
    afterAll(() => lab?.stop());

    describe('fleet', () => fleetContract(stage));
    describe('monitor', () => monitorContract(stage));
    describe('reloader', () => reloaderContract(stage));
  });
}

async function siteOf(lab: Lab): Promise<ContractSite> {
  const agent = lab.zabbix.version === '6.0' ? 'zabbix_agentd' : 'zabbix_agent2';
  const [host, other] = await Promise.all([
    lab.host({ name: 'contract', agent }),
    lab.host({ name: 'neighbour', agent: 'zabbix_agentd' }),
  ]);
  const autoregisters = { identity: 'autoreg', psk: randomBytes(32).toString('hex') };
  await giveAutoregistration(lab.zabbix.api, autoregisters, 3);
  await lab.zabbix.server.reloadConfigurationCache();
  const commands = runCommand({ ssm: new SSMClient(lab.cloud.operator.client), clock, documents: documentsOf(lab) });
  const reloaderAt = (node: string) => reloaderByRunCommand(commands, { servers: [node], proxies: new Map() });
  const [first, neighbour] = [valueFor(host), valueFor(other)];
  return {
    fleet: fleetByRunCommand(commands, patience, clock),
    monitor: monitorAt(new URL(lab.zabbix.url), lab),
    away: monitorAt(new URL('https://127.0.0.1:9/api_jsonrpc.php'), lab),
    ...{ clock, first, neighbour, target: targetOf(host) },
    reloader: reloaderAt(lab.zabbix.serverNode.instanceId),
    misled: reloaderAt(host.instanceId),
    autoregisters: { identity: autoregisters.identity, key: PskKey.parse(autoregisters.psk) },
    refusesSecondKey: lab.zabbix.version !== '6.0',
    mayExecuteScripts: lab.zabbix.version === '6.0',
    aRotation(current) {
      const pending = { ...current, identity: nextIdentity(current.identity), key: PskKey.mint(32) };
      const secretName = 'zabbix-psk/contract';
      const secretId = `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${secretName}-AbCdEf`;
      return { secretId, secretName, versionId: randomUUID(), currentVersionId: undefined, current, pending };
    },
    commandsReach(reach) {
      host.online = reach;
    },
  };
}

function targetOf({ computerName, instanceId }: SmallHost): NodeTarget {
  return { kind: 'host', name: computerName, node: instanceId, config: 'auto' };
}

function valueFor(host: SmallHost): SecretValue {
  const { credential } = host;
  return {
    identity: credential.identity,
    key: PskKey.parse(credential.psk),
    targets: [targetOf(host)],
    identityMode: 'new',
    keyBytes: 32,
  };
}

/** The names that the stack's function is given. */
function documentsOf({ cloud, rotator }: Lab): Readonly<Record<Verb, string>> {
  const found = [...cloud.world.functions.values()].find(({ name }) => name === rotator);
  const nameOf = (verb: Verb) => found?.environment[documentEnvironmentKey[verb]] ?? '';
  return {
    inspect: nameOf('inspect'),
    prepare: nameOf('prepare'),
    switch: nameOf('switch'),
    restore: nameOf('restore'),
    forget: nameOf('forget'),
    reload: nameOf('reload'),
  };
}

function monitorAt(url: URL, { zabbix }: Lab): Monitor {
  const { username, password } = zabbix.access;
  return zabbixMonitor({
    open: () =>
      openSession({
        rpc: jsonRpc({ url, caPem: zabbix.caPem }),
        // A token may not execute scripts.
        access: async () => ({ username, password }),
        newerVersions: 'refuse',
        archive: { append: async () => undefined },
      }),
    clock,
    server: { host: zabbix.server.ip, port: 10051 },
    probeScript: zabbix.probe.name,
  });
}
