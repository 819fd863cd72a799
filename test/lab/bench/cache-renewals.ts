import { readFileSync } from 'node:fs';
import { eventually } from '../eventually.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';

/** One load of the server's configuration cache; milliseconds since 1970. A key that was stored before `beganMs` is in use from `endedMs` on. */
export interface Renewal {
  readonly beganMs: number;
  readonly endedMs: number;
}

/** The title of the server's syncer tells how long its last load took and how long it now sleeps (6.0.14 and 7.0.22). */
const title = /configuration syncer \[synced configuration in (?<tookS>[\d.]+) sec, idle (?<idleS>\d+) sec\]/;

/** The title is looked at so often. Milliseconds. */
const lookEveryMs = 10;

/**
 * Watches when the server renews its cache. The log does not tell, and asking the server with a key would be one more connection
 * that it has to refuse; the title of its process costs nothing.
 */
export class CacheRenewals {
  readonly #file: string;
  readonly #seen: Renewal[] = [];
  readonly #timer: NodeJS.Timeout;
  #tookS: string | undefined;
  #periodS = 0;

  private constructor(file: string) {
    this.#file = file;
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
    this.#look();
  }

  static async watch({ serverMachine }: ZabbixLab): Promise<CacheRenewals> {
    const pid = await eventually('the configuration syncer runs', async () => {
      const found = await serverMachine.run(['pgrep', '-f', 'configuration syncer \\[']);
      return found.stdout
        .trim()
        .split('\n')
        .find((line) => line !== '');
    });
    return new CacheRenewals(serverMachine.path(`/proc/${pid}/cmdline`));
  }

  /** Seconds between two renewals, as the server itself says. */
  get periodS(): number {
    return this.#periodS;
  }

  /** The first renewal that began at or after a moment; undefined: there has been none yet. */
  firstAfter(ms: number): Renewal | undefined {
    return this.#seen.find(({ beganMs }) => beganMs >= ms);
  }

  /** @throws {Error} before the first one */
  get last(): Renewal {
    const last = this.#seen.at(-1);
    if (last === undefined) throw new Error('the server has not renewed its cache since it is watched');
    return last;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { tookS, idleS } = title.exec(readFileSync(this.#file, 'utf8'))?.groups ?? {};
    if (tookS === undefined || tookS === this.#tookS) return;
    const endedMs = Date.now();
    // The first title is of a load before our time.
    if (this.#tookS !== undefined) this.#seen.push({ beganMs: endedMs - Number(tookS) * 1000, endedMs });
    this.#tookS = tookS;
    this.#periodS = Number(idleS);
  }
}
