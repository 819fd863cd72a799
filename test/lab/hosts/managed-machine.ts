import { createHash } from 'node:crypto';
import type { Machine } from '../machine.ts';
import type { ManagedNode, NodeCommand, RunningScript } from '../managed-node.ts';
import { releases, type ZabbixVersion } from '../release.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';
import { runCommand } from './run-command.ts';

/** How Systems Manager knows a machine. */
export interface NodeOptions {
  /** default: an `i-…` made from the name; give `mi-…` for a hybrid node */
  readonly instanceId?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A machine with an address of its own that Run Command can reach; agents and proxies are put on it. */
export class ManagedMachine implements ManagedNode {
  readonly instanceId: string;
  readonly computerName: string;
  readonly tags: Readonly<Record<string, string>>;
  online = true;

  readonly machine: Machine;
  readonly ip: string;
  readonly #platformVersion: string;

  constructor(version: ZabbixVersion, machine: Machine, ip: string, { instanceId, tags }: NodeOptions = {}) {
    this.computerName = machine.name;
    this.instanceId = instanceId ?? instanceIdOf(machine.name);
    this.tags = tags ?? { ZabbixPskRotation: 'enabled' };
    this.machine = machine;
    this.ip = ip;
    this.#platformVersion = releases[version].suite === 'bookworm' ? '12' : '13';
  }

  static async start(lab: ZabbixLab, name: string, options: NodeOptions): Promise<ManagedMachine> {
    return new ManagedMachine(lab.version, await lab.machine(name), lab.addresses.next(), options);
  }

  /** Runs a script as the SSM agent does. */
  start(script: string, command: NodeCommand): RunningScript {
    const node = { instanceId: this.instanceId, region: 'eu-central-1', platformVersion: this.#platformVersion };
    return runCommand(this.machine, node, script, command);
  }
}

/** What Systems Manager calls a machine of the lab where nothing else was asked for: an inventory names it before it is started. */
export function instanceIdOf(name: string): string {
  return `i-0${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
