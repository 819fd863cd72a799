import type { Access } from '../aws/access.ts';
import { awsCommandLineRoot } from '../aws-command-line.ts';
import type { Argv } from '../command.ts';
import type { Machine } from '../machine.ts';
import { releases } from '../release.ts';
import type { ZabbixLab } from '../zabbix/zabbix-lab.ts';

/**
 * Starts a machine that has Debian's `aws` and `jq` in its PATH, too.
 * Not as in life: `aws` is told the stand-in's address by a wrapper (6.0's does not read AWS_ENDPOINT_URL), and whoever it acts for by the
 * environment, where an instance would ask its metadata service.
 */
export async function machineWithAws(lab: ZabbixLab, name: string): Promise<Machine> {
  const machine = await lab.machine(name, [await awsCommandLineRoot(releases[lab.version].suite)]);
  machine.write('/usr/local/bin/aws', '#!/bin/sh\nexec /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n', 0o755);
  // It would have a key among its arguments for too short a time to be seen. Without it a script's `printf` is the shell's own.
  await machine.must(['rm', '/usr/bin/printf']);
  return machine;
}

/**
 * Runs a program on such a machine as one who has this access, and returns what it printed.
 * @throws {Error} unless it ends with exit code 0
 */
export function mustWithAws(machine: Machine, { env }: Access, argv: Argv): Promise<string> {
  const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...env };
  return machine.must(argv, { environment });
}
