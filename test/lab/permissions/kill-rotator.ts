import type { OutsideCall } from '../aws/faults.ts';
import type { Deployment } from '../deployment.ts';

/** The rotation function's process dies after its first call of this kind. */
export function killRotator({ cloud, rotator }: Deployment, isTheCall: (call: OutsideCall) => boolean): void {
  let dead = false;
  cloud.faults.hook = (call) => {
    const { caller } = call;
    if (dead || caller.kind !== 'role' || !caller.functionArn?.endsWith(`:${rotator}`) || !isTheCall(call))
      return undefined;
    dead = true;
    return 'kill-after';
  };
}

/** Zabbix has been given the new key: its pending version is looked at before that and after. */
export function hasGivenKeyOf(secret: string): (call: OutsideCall) => boolean {
  let isSent = false;
  let looks = 0;
  return ({ action, request }) => {
    if (action === 'ssm:SendCommand' && request.includes(`"zabbix-psk switch ${secret}"`)) isSent = true;
    if (!isSent || action !== 'secretsmanager:DescribeSecret' || !request.includes(`zabbix-psk/${secret}-`))
      return false;
    looks += 1;
    return looks === 2;
  };
}

/** From here on the new key is AWSCURRENT, and nothing tells so yet. */
export function movesCurrentOf(secret: string): (call: OutsideCall) => boolean {
  return ({ action, request }) =>
    action === 'secretsmanager:UpdateSecretVersionStage' &&
    request.includes(`zabbix-psk/${secret}-`) &&
    request.includes('"AWSCURRENT"');
}
