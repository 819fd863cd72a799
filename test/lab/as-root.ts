/**
 * Runs a command as root: directly, or through `sudo -n`. The lab needs root for its mounts and namespaces.
 *
 *     node test/lab/as-root.ts vitest run --project lab
 */
import { spawn, spawnSync } from 'node:child_process';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) throw new Error('Say what to run: node test/lab/as-root.ts CMD…');

if (process.getuid?.() === 0) {
  follow(program, args);
} else if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) {
  // sudo resets PATH even with -E, and the project's own Node and vitest are found through it.
  follow('sudo', ['-n', '-E', 'env', `PATH=${process.env.PATH ?? ''}`, program, ...args]);
} else {
  console.error('The lab makes mounts and namespaces: run this as root, or allow sudo without a password.');
  process.exitCode = 1;
}

/** Ends as the command ends. Ctrl-C reaches the command by itself: it shares our terminal. */
function follow(command: string, commandArgs: readonly string[]): void {
  const child = spawn(command, commandArgs, { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('error', (error) => {
    console.error(`${command} cannot be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.once('exit', (exitCode, signal) => {
    process.exitCode = exitCode ?? (signal === 'SIGINT' ? 130 : 1);
  });
}
