import type { Argv } from './command.ts';

/**
 * Wraps a command so that it lives in mount, PID and IPC namespaces of its own and cannot outlive this process:
 * the kernel kills `unshare` when our thread ends, however it ends, `unshare` takes its child along, and with the child, which is
 * init there, go all processes and all mounts. The IPC namespace is for PostgreSQL, which otherwise leaves a System V segment behind.
 */
export function enclosed(...argv: Argv): Argv {
  return [
    'setpriv',
    '--pdeathsig',
    'KILL',
    'unshare',
    ...namespaces,
    '--kill-child',
    '--propagation',
    'private',
    '--',
    ...argv,
  ];
}

const namespaces = ['--mount', '--pid', '--ipc', '--fork'] as const;
