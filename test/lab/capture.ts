import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';
import { type Machine, signalProgram } from './machine.ts';

/** Which packets count, by IPv4 addresses or networks: those from or to any of them, or those between two. */
export type Whose = { readonly of: readonly string[] } | { readonly between: readonly [string, string] };

/** A recording of Zabbix traffic (TCP ports 10050 and 10051) on the loopback interface. */
export class Capture {
  readonly #machine: Machine;
  readonly #file: string;
  readonly #tcpdump: ChildProcess;

  private constructor(machine: Machine, file: string, tcpdump: ChildProcess) {
    this.#machine = machine;
    this.#file = file;
    this.#tcpdump = tcpdump;
  }

  static async start(machine: Machine, whose: Whose): Promise<Capture> {
    const file = `/var/tmp/capture-${performance.now()}.pcap`;
    const [how, addresses] = 'of' in whose ? [' or ', whose.of] : [' and ', whose.between];
    const hosts = addresses.map((address) => (address.includes('/') ? `net ${address}` : `host ${address}`));
    const filter = `(${hosts.join(how)}) and tcp and (port 10050 or port 10051)`;
    // -U and --immediate-mode: what has been sent is in the file, not in a buffer. -Z root: the file is ours.
    const options = ['-i', 'lo', '-U', '--immediate-mode', '-Z', 'root', '-w', file, filter];
    const log = openSync(machine.path(`${file}.log`), 'w');
    const tcpdump = machine.spawn(['tcpdump', ...options], { stdio: ['ignore', 'ignore', log] });
    closeSync(log);
    tcpdump.unref();
    await eventually(`tcpdump listens`, () => machine.read(`${file}.log`).includes('listening on'));
    return new Capture(machine, file, tcpdump);
  }

  /** Ends the recording and returns it. */
  async stop(): Promise<CapturedTraffic> {
    const ended = new Promise<void>((resolve) => this.#tcpdump.once('exit', () => resolve()));
    this.#tcpdump.ref();
    await signalProgram(this.#tcpdump, 'SIGINT');
    await ended;
    return new CapturedTraffic(readFileSync(this.#machine.path(this.#file)));
  }
}

/** The raw packets (pcap). */
export class CapturedTraffic {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Those of the given texts that can be read in the packets: item keys, values, host names. */
  readable(texts: readonly string[]): string[] {
    return texts.filter((text) => this.bytes.includes(text));
  }

  /** Whether anything was captured besides the file's own header of 24 bytes. */
  get empty(): boolean {
    return this.bytes.length <= 24;
  }
}
