import { Deadline } from '../../lambda/rotation/deadline.ts';
import type { Credential, NodeTarget, Rotation, SecretValue } from '../../lambda/rotation/model.ts';
import type { Clock, Fleet, Monitor, Reloader } from '../../lambda/rotation/ports.ts';

/** Two hosts of one Zabbix, each with a node and a credential of its own: what the contracts of Fleet and Monitor are tried on. */
/** A rotation from one credential to the next. */
export type Changing = Rotation & { readonly current: SecretValue };

export interface ContractSite {
  readonly fleet: Fleet;
  readonly monitor: Monitor;
  /** The same Zabbix where nobody answers. */
  readonly away: Monitor;
  /** Of the server, at its own node. */
  readonly reloader: Reloader;
  /** The same, where somebody has named the target's node for the server's. */
  readonly misled: Reloader;
  readonly clock: Clock;
  readonly target: NodeTarget;
  /** What both sides of the target are on when the contract begins. */
  readonly first: SecretValue;
  readonly neighbour: SecretValue;
  /** What Zabbix holds for autoregistration when the contract begins; it takes unencrypted agents, too. */
  readonly autoregisters: Credential;
  /** Whether Zabbix refuses another key for an identity that has one. 6.0.14 takes it in silence (docs/zabbix-versions.md). */
  readonly refusesSecondKey: boolean;
  /** Whether a script may be asked whether the keys agree: not from 7.0 on, where the server pays for a no (docs/zabbix-versions.md). */
  readonly mayExecuteScripts: boolean;
  /** A rotation that has minted its key and done nothing else. */
  aRotation(from: SecretValue): Changing;
  /** Whether the target's node can be commanded. */
  commandsReach(reach: boolean): void;
}

/** A site on which test after test is tried; each leaves the target on the key that it had, unless it says which one it is on now. */
export class Stage {
  readonly #start: () => Promise<ContractSite>;
  #site: ContractSite | undefined;
  #current: SecretValue | undefined;

  constructor(start: () => Promise<ContractSite>) {
    this.#start = start;
  }

  async open(): Promise<void> {
    this.#site = await this.#start();
    this.#current = this.#site.first;
  }

  get site(): ContractSite {
    if (this.#site === undefined) throw new Error('the site has not been started');
    return this.#site;
  }

  get current(): SecretValue {
    return this.#current ?? this.site.first;
  }

  /** Milliseconds from now. */
  deadline(ms = 60_000): Deadline {
    return Deadline.in(ms, this.site.clock);
  }

  /** Tries something with a rotation, and takes both sides back. */
  async rotating(attempt: (rotation: Changing) => Promise<void>): Promise<void> {
    const rotation = this.site.aRotation(this.current);
    try {
      await attempt(rotation);
    } finally {
      await this.#takeBack(rotation);
    }
  }

  /** The target has been moved for good. */
  staysOn(value: SecretValue): void {
    this.#current = value;
  }

  /** Waits until the server uses what the target's agent is on, and hears it. */
  async isHeard(): Promise<void> {
    const { monitor, target, clock } = this.site;
    const { host } = await monitor.find(target, []);
    const { witness } = host;
    const hears = async () => {
      if ((await monitor.refresh(host)).reachable?.yes !== true) {
        if (witness !== undefined) await monitor.checkNow(witness);
        return false;
      }
      return (await monitor.serverAccepts(this.current)) === true;
    };
    if (!(await eventually(clock, hears))) throw new Error(`${target.name} is not heard`);
  }

  async #takeBack(rotation: Changing): Promise<void> {
    const { fleet, monitor, target } = this.site;
    const { host } = await monitor.find(target, []);
    await monitor.give([host], this.current);
    const { rotation: found } = await fleet.inspect(target, rotation, this.deadline());
    if (found === undefined) return;
    await fleet.follow(await fleet.armRestore(target, rotation, 'now', this.deadline()), this.deadline());
    await fleet.forget(target, rotation, this.current, this.deadline());
  }
}

/** Asks once a second until it is so. */
export async function eventually(clock: Clock, isSo: () => Promise<boolean>, withinS = 60): Promise<boolean> {
  const untilMs = clock.now().ms + withinS * 1_000;
  while (!(await isSo())) {
    if (clock.now().ms > untilMs) return false;
    await clock.sleep(1_000);
  }
  return true;
}
