import { sentence } from '../errors.ts';
import { autoregistration, type Credential, credentialIn, type SecretValue } from './model.ts';
import type { Ports, SecretLabels } from './ports.ts';
import { autoregistrationProblem } from './preflight-autoregistration.ts';
import { hostsUsing } from './prove-at-port.ts';

/** What `{"inspect": …}` tells of autoregistration: what its server takes, and which hosts still live on a key of it. */
export async function describeAutoregistration(
  current: SecretValue,
  pending: Credential | undefined,
  labels: SecretLabels,
  { monitor, secrets }: Pick<Ports, 'monitor' | 'secrets'>,
): Promise<readonly string[]> {
  const says: string[] = [];
  try {
    const { host } = await monitor.find(autoregistration, []);
    const taken = await monitor.serverAccepts(current);
    says.push(
      `autoregistration: Zabbix takes ${methods(host.accept)} from agents that it does not know yet, and does not tell which key it holds.`,
      `Its server ${takes(taken)} the key of AWSCURRENT at its port${pending === undefined ? '' : `, and ${takes(await monitor.serverAccepts(pending))} that of AWSPENDING`}.`,
    );
    const problem = autoregistrationProblem(host, taken, labels.secretName);
    if (problem !== undefined) says.push(`A rotation would be refused: ${problem.message}.`);
    const previous =
      labels.previous === undefined ? undefined : credentialIn(await secrets.read(labels, labels.previous));
    for (const held of [current, ...(previous === undefined ? [] : [previous])])
      says.push(registered(held, await hostsUsing(held, monitor)));
  } catch (error) {
    says.push(`Zabbix: ${sentence(error)}.`);
  }
  return says;
}

function methods(accept: readonly ('none' | 'psk' | 'certificate')[]): string {
  const words = { none: 'unencrypted connections', psk: 'a pre-shared key', certificate: 'certificates' };
  return accept.map((method) => words[method]).join(' and ');
}

function takes(taken: boolean | undefined): string {
  if (taken === undefined) return 'could not be asked whether it takes';
  return taken ? 'takes' : 'does not take';
}

function registered({ identity }: Credential, hosts: readonly string[]): string {
  if (hosts.length === 0) return `No host uses the identity "${identity}".`;
  return `${hosts.length} of the hosts that have registered still use${hosts.length === 1 ? 's' : ''} the identity "${identity}": ${hosts.map((name) => `"${name}"`).join(', ')}; give each a key of its own (docs/rotation.md, "Autoregistration").`;
}
