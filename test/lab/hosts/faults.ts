import { withParameters } from '../configuration-file.ts';
import type { Machine } from '../machine.ts';
import type { SmallHost } from './small-host.ts';

/** A program whose start can be made to go wrong: an agent or a proxy. */
export interface Startable {
  readonly machine: Machine;
  /** path of its key file */
  readonly keyFile: string;
  readonly paths: { readonly service: string; readonly binary: string; readonly pidFile: string };
}

/** Ways in which the start of an agent or of a proxy can go wrong. Each is inflicted on a running one, by name. */
export const startFaults = {
  /** It only starts with the key that is in place now. The init script says "done" all the same. */
  cannotStartWithNewKey: (program) => beforeStart(program, `"$0" stop; echo "starting...done."; exit 0`),

  /** With any other key than the present one the program comes up and listens, and a second later it hangs (SIGSTOP). */
  hangsAfterStart: async (program) => {
    // The program and its children, by its pid file: whatever else is called so (a probe, `-V`, a start of the old key) goes on.
    const stop = `pid=$(cat ${program.paths.pidFile}) && kill -STOP $pid $(pgrep -P $pid)`;
    const shell = `{ sleep 1; ${await keyIsOld(program)} || { ${stop}; }; } </dev/null >/dev/null 2>&1 & :`;
    return beforeStart(program, shell);
  },

  /** With any other key than the present one the program takes 20 s to start; the init script says "done" at once. */
  startsSlowly: (program) =>
    beforeStart(
      program,
      `[ "\${SLOW_START:-}" = over ] || { (sleep 20; SLOW_START=over exec "$0" start) </dev/null >/dev/null 2>&1 & echo done.; exit 0; }`,
    ),

  /** With any other key than the present one the program dies as soon as it runs. */
  diesAtStart: (program) =>
    beforeStart(
      program,
      `{ for i in $(seq 50); do ${killed(program)} && break; sleep 0.02; done; } </dev/null >/dev/null 2>&1 & :`,
    ),

  /** With any other key than the present one the program comes up, serves for 3 s, and dies. */
  diesAfterStart: (program) => beforeStart(program, `{ sleep 3; ${killed(program)}; } </dev/null >/dev/null 2>&1 & :`),

  /** The program's user cannot read any other key file than the present one: agent 2 starts with it all the same. */
  cannotReadNewKey: (program) =>
    beforeStart(program, `chown root:root '${program.keyFile}'; chmod 0400 '${program.keyFile}'`),
} satisfies Record<string, (program: Startable) => Promise<unknown>>;

export type StartFault = keyof typeof startFaults;

/** Ways in which a host can go wrong. Each is inflicted on a running host, by name. */
export const faults = {
  ...startFaults,

  /** The clock that the scripts read is an hour ahead. The agent's own is the computer's, since all machines share the kernel's. */
  clockAhead: async (host) => shiftClock(host, '+1 hour'),

  clockBehind: async (host) => shiftClock(host, '-1 hour'),

  /** A tool that says more than Run Command keeps: what a `switch` prints after it is cut off, its account with it. */
  switchOutputCutOff: async (host) => cutOff(host, 'SSM_sealedKey'),

  /** The same for every verb that writes on the node. */
  outputCutOff: async (host) => cutOff(host, 'SSM_versionId'),

  /** The agent's user may no longer read the key file; the running agent has it in memory. */
  keyFileUnreadable: (host) => host.machine.must(['chown', 'root:root', host.keyFile]),

  noOpenssl: (host) => host.machine.must(['rm', '/usr/bin/openssl']),

  /** /etc/zabbix is a file system of its own without a free byte. */
  diskFull: async (host) => {
    await mountOverConfiguration(host, 'size=512k');
    await host.machine.run(['sh', '-c', 'cat /dev/zero >/etc/zabbix/ballast']);
  },

  /** The agent and Zabbix speak unencrypted; see also `psk: null` for a host that never had a key. */
  withoutPsk: async (host) => {
    const none = { TLSConnect: null, TLSAccept: null, TLSPSKIdentity: null, TLSPSKFile: null };
    for (const file of [host.paths.config, host.paths.dropIn])
      if (host.exists(file)) host.machine.write(file, withParameters(host.machine.read(file), none));
    await host.restartAgent();
  },

  readOnlyConfiguration: async (host) => {
    await mountOverConfiguration(host, 'size=4m');
    await host.machine.must(['mount', '-o', 'remount,ro', '/etc/zabbix']);
  },
} satisfies Record<string, (host: SmallHost) => Promise<unknown>>;

export type HostFault = keyof typeof faults;

/** Shell: SIGKILL to the program, and not to a shadow agent, whose arguments name the rotation's own folder; fails when none runs. */
function killed(program: Startable): string {
  const running = `pgrep -f '^${program.paths.binary}' | while read -r pid; do grep -q psk-rotation /proc/$pid/cmdline || echo $pid; done`;
  return `kill -KILL $(${running})`;
}

/** `date` is the only clock that the scripts ask. */
function shiftClock(host: SmallHost, by: string): void {
  const shim = `#!/bin/sh\ncase " $* " in *' -d '*) exec /bin/date "$@" ;; *) exec /bin/date -d '${by}' "$@" ;; esac\n`;
  host.machine.write('/usr/local/sbin/date', shim, 0o755);
}

/** The agent keeps the first 24,000 bytes of an output, and the scripts' account is its last line. */
function cutOff(host: SmallHost, whereSet: string): void {
  const shim = `#!/bin/sh\n[ -z "\${${whereSet}:-}" ] || head -c 25000 /dev/zero | tr '\\0' x\necho\nexec /bin/mkdir "$@"\n`;
  host.machine.write('/usr/local/sbin/mkdir', shim, 0o755);
}

/** Runs `shell` before the program is started with another key than the one in place now. */
async function beforeStart(program: Startable, shell: string): Promise<void> {
  const script = program.machine.read(initScript(program));
  const guard = `case "$1" in start) ${await keyIsOld(program)} || { ${shell}; } ;; esac`; // a restart calls the script's start
  program.machine.write(
    initScript(program),
    script.replace('\ncase "$1" in\n', () => `\n${guard}\n\ncase "$1" in\n`),
  );
}

/** Shell that succeeds while the key in place is the one that is there now, or while there is none where there is none now. */
async function keyIsOld(program: Startable): Promise<string> {
  const { exitCode, stdout } = await program.machine.run(['sha256sum', program.keyFile]);
  if (exitCode !== 0) return `[ ! -e '${program.keyFile}' ]`;
  const [hash] = stdout.split(' ');
  return `echo '${hash}  ${program.keyFile}' | sha256sum -c --status 2>/dev/null`;
}

/** Where the faults of a start are planted. */
export function initScript(program: Startable): string {
  return `/etc/init.d/${program.paths.service}`;
}

/** Puts a small memory file system with the same content, owners and modes over /etc/zabbix. */
async function mountOverConfiguration(host: SmallHost, options: string): Promise<void> {
  const shell = `cp -a /etc/zabbix /var/tmp/etc-zabbix && mount -t tmpfs -o ${options},mode=755 tmpfs /etc/zabbix &&
    cp -a /var/tmp/etc-zabbix/. /etc/zabbix/ && rm -r /var/tmp/etc-zabbix`;
  await host.machine.must(['sh', '-c', shell]);
  host.machine.extraMounts.push('/etc/zabbix');
}
