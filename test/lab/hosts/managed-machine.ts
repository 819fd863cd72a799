import { createHash } from 'node:crypto';
import type { Machine } from '../machine.ts';
import type { ManagedNode, NodeCommand, RunningScript } from '../managed-node.ts';
import { releases } from '../release.ts';
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

  private constructor(lab: ZabbixLab, machine: Machine, { instanceId, tags }: NodeOptions) {
    this.computerName = machine.name;
    this.instanceId = instanceId ?? `i-0${digest(machine.name).slice(0, 16)}`;
    this.tags = tags ?? { ZabbixPskRotation: 'enabled' };
    this.machine = machine;
    this.ip = lab.addresses.next();
    this.#platformVersion = releases[lab.version].suite === 'bookworm' ? '12' : '13';
  }

  static async start(lab: ZabbixLab, name: string, options: NodeOptions): Promise<ManagedMachine> {
    return new ManagedMachine(lab, await lab.machine(name), options);
  }

  /** Runs a script as the SSM agent does. */
  start(script: string, command: NodeCommand): RunningScript {
    const node = { instanceId: this.instanceId, region: 'eu-central-1', platformVersion: this.#platformVersion };
    return runCommand(this.machine, node, script, command);
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
