import type { Machine } from '../machine.ts';
import type { Release } from '../release.ts';

/**
 * Starts PostgreSQL on the data that root/database.sh loaded. It listens on its Unix socket only, so labs never collide.
 *
 * @param openAt an address of the lab's own to listen on as well, for a server on another machine
 */
export async function startDatabase(machine: Machine, release: Release, openAt = ''): Promise<void> {
  await machine.must(['install', '-d', '-o', 'postgres', '-g', 'postgres', '-m', '2775', '/run/postgresql']);
  await machine.must([
    ...(['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', `${release.postgres}/pg_ctl`] as const),
    // When a value came, not only when it was taken: the commit's time is the row's only witness.
    ...['-D', '/var/lib/postgresql/lab', '-l', '/var/log/postgresql/lab.log', '-w', '-s'],
    ...['-o', `-c listen_addresses=${openAt} -c track_commit_timestamp=on`, 'start'],
  ]);
}

/** Asks the database of a machine, past Zabbix; rows as `psql -A` prints them, columns separated by `|`. The query is not an argument of any process. */
export async function query(machine: Machine, database: 'zabbix' | 'zabbix_proxy', sql: string): Promise<string[]> {
  const psql = [
    'psql',
    '-X',
    '-q',
    '-t',
    '-A',
    '-v',
    'ON_ERROR_STOP=1',
    '-h',
    '/run/postgresql',
    '-U',
    'zabbix',
    database,
  ] as const;
  const printed = await machine.must(psql, { input: sql });
  return printed.split('\n').filter((row) => row !== '');
}
