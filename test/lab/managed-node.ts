/**
 * The border between the stand-in for Systems Manager and the small hosts: a machine that Run Command can reach.
 * The stand-in decides what is delivered, when and how often; the node runs it the way the SSM agent would.
 */
export interface ManagedNode {
  /** `i-…` or `mi-…` */
  readonly instanceId: string;
  readonly computerName: string;
  readonly tags: Readonly<Record<string, string>>;
  /** False: commands stay undelivered, PingStatus is ConnectionLost. */
  online: boolean;
  /**
   * Writes `script` where the SSM agent writes it (`_script.sh`, 0700) and runs `sh -c <path>` as root on the node: cwd /usr/bin,
   * stdin /dev/null, umask 0022, a process group of its own, no HOME/USER/TERM/SHELL.
   */
  start(script: string, command: NodeCommand): RunningScript;
}

export interface NodeCommand {
  readonly commandId: string;
  readonly step: string;
  /** Added to the agent's own PATH, LANG, PWD, SSM_COMMAND_ID, AWS_SSM_INSTANCE_ID, … */
  readonly environment: Readonly<Record<string, string>>;
}

export interface RunningScript {
  /** Settles when the script has ended AND nothing holds its stdout or stderr open any more. */
  readonly ended: Promise<ScriptEnd>;
  /** SIGKILL to the whole process group: no trap runs, `setsid` children survive. */
  kill(): void;
}

export interface ScriptEnd {
  /** null when a signal ended it */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
