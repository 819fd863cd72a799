import { frontendPort } from '../addresses.ts';
import { eventually } from '../eventually.ts';
import type { Machine } from '../machine.ts';
import type { ApiTraffic } from './api-traffic.ts';
import { makeCertificates } from './certificates.ts';
import { listens } from './server.ts';
import { startTlsFront } from './tls-front.ts';

/** Zabbix' web frontend: PHP's own server, and HTTPS in front of it as every real installation has. */
export interface Frontend {
  /** `https://…/api_jsonrpc.php` */
  readonly url: string;
  /** the same without TLS, for the lab's own set-up work */
  readonly plainUrl: string;
  /** the only CA that signs the certificate of `url` */
  readonly caPem: string;
  /** Ends every process of PHP at once and starts it anew after a while; calls meanwhile meet nobody. */
  restart(awayMs: number): Promise<void>;
  close(): void;
}

/** @param server address of zabbix_server; undefined: a cluster, whose node at work the frontend finds in the database */
export async function startFrontend(
  machine: Machine,
  ip: string,
  server: string | undefined,
  traffic: ApiTraffic,
): Promise<Frontend> {
  machine.write('/etc/zabbix/zabbix.conf.php', settings(server));
  // The web pages and graphs are in "en_US", and the root has no locales but C.utf8, which does not differ in anything they need.
  await machine.must(['cp', '-r', '/usr/lib/locale/C.utf8', '/usr/lib/locale/en_US.utf8']);
  startPhp(machine, ip);
  const certificates = await makeCertificates(machine, ip);
  const tls = await startTlsFront({ ip, port: frontendPort }, certificates, traffic);
  const answers = () => eventually('the frontend answers', () => listens(ip, frontendPort));
  await answers();
  return {
    url: `https://${ip}:${tls.port}/api_jsonrpc.php`,
    plainUrl: `http://${ip}:${frontendPort}/api_jsonrpc.php`,
    caPem: certificates.caPem,
    async restart(awayMs) {
      await machine.must(['pkill', '-KILL', '-x', 'php']);
      await new Promise((resolve) => setTimeout(resolve, awayMs));
      startPhp(machine, ip);
      await answers();
    },
    close: tls.close,
  };
}

function startPhp(machine: Machine, ip: string): void {
  const php = machine.spawn(
    [
      ...(['setpriv', '--reuid=www-data', '--regid=www-data', '--init-groups', 'php'] as const),
      ...['-d', 'max_execution_time=300', '-d', 'memory_limit=256M', '-d', 'post_max_size=16M'],
      ...['-d', 'max_input_time=300', '-d', 'date.timezone=UTC', '-d', `error_log=/var/tmp/php.log`],
      ...['-S', `${ip}:${frontendPort}`, '-t', '/usr/share/zabbix'],
    ],
    { environment: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', PHP_CLI_SERVER_WORKERS: '4' } },
  );
  php.unref();
}

/** Debian's frontend reads /etc/zabbix/zabbix.conf.php and no other place. */
function settings(server: string | undefined): string {
  return `<?php
$DB['TYPE'] = 'POSTGRESQL';
$DB['SERVER'] = '/run/postgresql';
$DB['PORT'] = '0';
$DB['DATABASE'] = 'zabbix';
$DB['USER'] = 'zabbix';
$DB['PASSWORD'] = '';
$DB['SCHEMA'] = '';
$DB['ENCRYPTION'] = false;
$DB['DOUBLE_IEEE754'] = true;
${server === undefined ? '' : `$ZBX_SERVER = '${server}';\n$ZBX_SERVER_PORT = '10051';`}
$ZBX_SERVER_NAME = 'lab';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
`;
}
