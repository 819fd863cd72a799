/** What the function's process had computed by when: looked at whenever it asks somebody and whenever Zabbix answers it. */
import type { Lab } from '../lab.ts';
import type { Period } from './own-time.ts';
import { sum } from './spread.ts';

interface Mark {
  readonly atMs: number;
  readonly cpuMs: number;
}

export class CpuAt {
  readonly #lab: Lab;
  readonly #marks: Mark[] = [];
  /** The one that calls: nothing else runs meanwhile. */
  #environmentId = '';

  private constructor(lab: Lab) {
    this.#lab = lab;
  }

  static watch(lab: Lab): CpuAt {
    const watch = new CpuAt(lab);
    lab.cloud.faults.hook = ({ caller }) => {
      if (caller.kind === 'role' && caller.functionArn?.endsWith(`:${lab.rotator}`) === true) {
        watch.#environmentId = caller.environmentId ?? '';
        watch.#look();
      }
      return undefined;
    };
    const look = () => {
      watch.#look();
      return 'pass' as const;
    };
    lab.zabbix.apiTraffic.observer = { asked: look, answered: look };
    return watch;
  }

  stop(): void {
    this.#lab.cloud.faults.hook = undefined;
    this.#lab.zabbix.apiTraffic.observer = undefined;
  }

  /** Milliseconds of CPU in periods that begin and end with a call or an answer. */
  during(periods: readonly Period[]): number {
    return sum(periods.map(({ fromMs, toMs }) => this.#by(toMs) - this.#by(fromMs)));
  }

  #look(): void {
    const usage = this.#lab.cloud.world.environments.get(this.#environmentId)?.usage;
    if (usage !== undefined) this.#marks.push({ atMs: Date.now(), cpuMs: usage.cpuMs });
  }

  #by(ms: number): number {
    return this.#marks.findLast(({ atMs }) => atMs <= ms)?.cpuMs ?? 0;
  }
}
