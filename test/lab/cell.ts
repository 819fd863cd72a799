import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { enclosed } from './enclosure.ts';
import { type InitProcess, startInit } from './init-process.ts';
import { Machine } from './machine.ts';
import { cacheFolder } from './root.ts';

/**
 * One lab: everything that it mounts, writes and starts is inside, in memory, and gone when this process ends.
 * The network is the computer's own.
 */
export class Cell {
  readonly #init: InitProcess;
  readonly #root: string;
  readonly machines: Machine[] = [];

  private constructor(init: InitProcess, root: string) {
    this.#init = init;
    this.#root = root;
  }

  /** @param root a Debian root (see root.ts), which stays untouched */
  static async start(root: string): Promise<Cell> {
    mkdirSync(mountPoint, { recursive: true });
    return new Cell(await startInit(enclosed(script('cell-init.sh'), mountPoint)), root);
  }

  /**
   * Starts a machine; its name becomes its host name.
   * @param below roots of the same suite that lend it the files that its own has not
   */
  async machine(name: string, below: readonly string[] = []): Promise<Machine> {
    const folder = `${mountPoint}/${name}`;
    const init = await startInit([
      ...(['nsenter', '-t', `${this.#init.pid}`, '--mount', '--pid', '--ipc', '--'] as const),
      ...([
        'unshare',
        '--mount',
        '--pid',
        '--uts',
        '--fork',
        '--kill-child',
        '--propagation',
        'private',
        '--',
      ] as const),
      ...[script('machine-init.sh'), [this.#root, ...below].join(':'), folder, name],
    ]);
    const machine = new Machine(name, init, `${this.path(folder)}/upper`);
    this.machines.push(machine);
    return machine;
  }

  /** A folder of the lab's own memory, as this process can open it. */
  path(inside = mountPoint): string {
    return `/proc/${this.#init.pid}/root${inside}`;
  }

  async stop(): Promise<void> {
    await this.#init.stop();
  }
}

/** Empty for everybody but the lab: each lab mounts its own memory here, in a mount namespace of its own. */
const mountPoint = `${cacheFolder}/cell`;

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
