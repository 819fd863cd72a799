import type { SmallHost } from './hosts/small-host.ts';
import type { Lab } from './lab.ts';

/** What a developer needs to know of a running lab, ready to be copied. */
export function whatToTry({ zabbix, cloud, rotator, repairer }: Lab, hosts: readonly SmallHost[]): readonly string[] {
  const { env } = cloud.operator;
  // Named on the line, too: the aws of Debian 12 (2.9) does not read AWS_ENDPOINT_URL.
  const aws = `aws --endpoint-url ${cloud.endpoint}`;
  const [secret = ''] = hosts.map(({ computerName }) => `zabbix-psk/${computerName}`);
  const menu = zabbix.version === '6.0' ? 'Configuration' : 'Data collection';
  return [
    '',
    `Zabbix ${zabbix.version}   ${zabbix.frontend.plain}   or ${zabbix.frontend.tls} (certificate of the lab's own CA)`,
    '             Admin / zabbix',
    `             ${menu} > Hosts shows the encryption, Monitoring > Latest data the values`,
    '',
    'Hosts        one network with this computer; their files and processes are their own',
    ...hosts.map(
      ({ computerName, instanceId, ip, agent, machine }) =>
        `             ${computerName}  ${instanceId}  ${ip}  ${agent}   look inside: nsenter -t ${machine.pid} -m -p -u -i -r -w -- bash`,
    ),
    '',
    'AWS          a stand-in for this project; put these into the environment of another terminal',
    ...Object.entries(env).map(([name, value]) => `  export ${name}='${value}'`),
    '',
    `  ${aws} secretsmanager list-secrets`,
    `  ${aws} secretsmanager describe-secret --secret-id ${secret}`,
    `  ${aws} secretsmanager rotate-secret --secret-id ${secret}`,
    `  ${aws} ssm describe-instance-information`,
    `  ${aws} ssm list-command-invocations --details`,
    '',
    'Test events  of the two functions; every rotation is told below while it runs',
    ...[
      { to: rotator, event: { inspect: secret } },
      { to: rotator, event: { rotate: secret } },
      { to: repairer, event: { repair: secret } },
    ].map(
      ({ to, event }) =>
        `  ${aws} lambda invoke --function-name ${to} --cli-binary-format raw-in-base64-out --cli-read-timeout 0 --payload '${JSON.stringify(event)}' /dev/stdout`,
    ),
    '',
    'Running. Ctrl-C ends it.',
    '',
  ];
}
