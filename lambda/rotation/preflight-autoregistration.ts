import { Refusal, sentence, ZabbixRefused } from '../errors.ts';
import { refuseUnlessPending } from './load.ts';
import { autoregistration, type MonitoredHost, type SecretValue } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { hostsUsing, portNotReached } from './prove-at-port.ts';

/**
 * Everything that can be refused, before a key is minted: once one is parked nobody can say that Zabbix has not been given it.
 *
 * The present key is given once more. That shows that the API user may, and from then on Zabbix is known to hold what AWSCURRENT holds.
 *
 * @throws {Refusal} naming the thing, the value and the remedy
 */
export async function preflightAutoregistration(
  current: SecretValue,
  next: SecretValue,
  { secretId, secretName }: SecretLabels,
  token: string,
  { monitor, secrets }: Pick<Ports, 'monitor' | 'secrets'>,
): Promise<void> {
  await monitor.version();
  const { host } = await monitor.find(autoregistration, []);
  const problem = autoregistrationProblem(host, await monitor.serverAccepts(current), secretName);
  if (problem !== undefined) throw problem;
  const [user] = await hostsUsing(next, monitor);
  if (user !== undefined)
    throw new Refusal('IDENTITY_SHARED', `identity "${next.identity}" is used by "${user}" already; rotate again`);
  refuseUnlessPending(await secrets.labels(secretId), token);
  try {
    await monitor.give([host], current);
  } catch (error) {
    if (!(error instanceof ZabbixRefused)) throw error;
    throw new Refusal(
      'AUTOREGISTRATION_REFUSED',
      `Zabbix does not let the key of autoregistration be set: ${sentence(error)}`,
      { cause: error },
    );
  }
}

/**
 * What speaks against a rotation; the first problem is what a human should mend first.
 *
 * @param takesCurrent whether the server takes the key of AWSCURRENT at its port; undefined: it could not be asked
 */
export function autoregistrationProblem(
  { accept }: Pick<MonitoredHost, 'accept'>,
  takesCurrent: boolean | undefined,
  secretName: string,
): Refusal | undefined {
  if (!accept.includes('psk'))
    return new Refusal(
      'AUTOREGISTRATION_WITHOUT_PSK',
      `Zabbix takes no pre-shared key from agents that it does not know yet; choose PSK under "Autoregistration" in its general settings, with the identity and key of ${secretName}`,
    );
  if (takesCurrent === undefined)
    return new Refusal('SERVER_NOT_ASKED', `nothing could be proven of autoregistration: ${portNotReached}`);
  if (!takesCurrent)
    return new Refusal(
      'ZABBIX_HOLDS_ANOTHER_KEY',
      `the Zabbix server does not take the key that AWSCURRENT of ${secretName} holds for autoregistration; put the key in use into the secret, or set autoregistration in Zabbix to what the secret holds`,
    );
  return undefined;
}
