import { randomUUID } from 'node:crypto';
import { beforeAll, describe } from 'vitest';
import { reloaderByRunCommand } from '../../lambda/fleet/reloader.ts';
import { nextIdentity } from '../../lambda/rotation/identity.ts';
import type { NodeTarget, SecretValue } from '../../lambda/rotation/model.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';
import { FakeAccount } from '../fakes/account.ts';
import { FakeClock } from '../fakes/clock.ts';
import { fakeRunCommand } from '../fakes/run-command.ts';
import { FakeSecret, firstVersion } from '../fakes/secrets-manager.ts';
import { FakeHost } from '../fakes/site.ts';
import { fleetContract } from './fleet.ts';
import { monitorContract } from './monitor.ts';
import { reloaderContract } from './reloader.ts';
import { type ContractSite, Stage } from './site.ts';

async function fakeSite(): Promise<ContractSite> {
  const clock = new FakeClock();
  const hosts = ['web-1', 'web-2'].map((name) => new FakeHost(name, { identity: name, key: PskKey.mint(32) }, 'both'));
  const [host, other] = hosts;
  if (host === undefined || other === undefined) throw new RangeError('a site of two hosts');
  const [first, neighbour] = [valueFor(host), valueFor(other)];
  const secret = new FakeSecret('zabbix-psk/web-1', first, clock);
  const machine = new FakeHost('zabbix', first, 'both');
  const account = new FakeAccount(hosts, [secret], clock, [machine]);
  const serverNode = account.systems.nodes.get(machine.node);
  if (serverNode !== undefined) serverNode.daemon = { program: 'zabbix_server' };
  account.zabbix.portIsOpen = true;
  account.zabbix.mayExecuteScripts = true;
  const autoregisters = { identity: 'autoreg', key: PskKey.mint(32) };
  account.server.autoregistration = { stored: autoregisters, used: autoregisters };
  const { fleet, monitor } = account.portsOf(account.invocation());
  const commands = fakeRunCommand(account.invocation(), account.systems);
  const reloaderAt = (node: string) => reloaderByRunCommand(commands, { servers: [node], proxies: new Map() });
  const elsewhere = new FakeAccount(hosts, [secret], clock);
  elsewhere.zabbix.down = true;
  return {
    ...{ fleet, monitor, clock, first, neighbour, target: targetOf(host) },
    reloader: reloaderAt(machine.node),
    misled: reloaderAt(host.node),
    autoregisters,
    refusesSecondKey: true,
    mayExecuteScripts: true,
    away: elsewhere.portsOf(elsewhere.invocation()).monitor,
    aRotation(current) {
      const pending = { ...current, identity: nextIdentity(current.identity), key: PskKey.mint(32) };
      account.secretsManager.keys.set(pending.key.fingerprint, pending.key);
      const { secretId, secretName } = secret;
      return { secretId, secretName, versionId: randomUUID(), currentVersionId: firstVersion, current, pending };
    },
    commandsReach(reach) {
      host.reachableByCommands = reach;
    },
  };
}

function targetOf({ name, node }: Pick<FakeHost, 'name' | 'node'>): NodeTarget {
  return { kind: 'host', name, node, config: 'auto' };
}

function valueFor({ name, node, stored }: FakeHost): SecretValue {
  if (stored.key === undefined) throw new RangeError(`${name} is not encrypted`);
  return { ...stored, targets: [targetOf({ name, node })], identityMode: 'new', keyBytes: 32 };
}

describe("the fakes' nodes and Zabbix", () => {
  const stage = new Stage(fakeSite);
  beforeAll(() => stage.open());

  describe('fleet', () => fleetContract(stage));
  describe('monitor', () => monitorContract(stage));
  describe('reloader', () => reloaderContract(stage));
});
