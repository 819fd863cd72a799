/** A host that has no key, and waits for its first one. */
import { z } from 'zod';
import type { Deployment } from '../deployment.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { labelled, secretIn } from '../suite/held.ts';
import { encryption } from '../zabbix/monitored-host.ts';
import type { Lane, Slot } from './lane.ts';

export function awaitFirstKey(deployment: Deployment, { target }: SmallHost, secret: string): Promise<void> {
  return deployment.put(secret, JSON.stringify({ unencrypted: true, targets: [target] }));
}

/** Takes a key that a rotation has given away again, by hand and on both sides: the next one is a first one, too. */
export async function takeFirstKeyAway(
  { zabbix, deployment }: Lane,
  { kind, host, secret, untouched }: Slot,
): Promise<void> {
  if (kind.targets !== 'unencrypted' || labelled(deployment, secret, 'AWSCURRENT')?.psk === undefined) return;
  await awaitFirstKey(deployment, host, secret);
  // A rotation leaves its label on what it has promoted, where Secrets Manager takes it for a rotation under way from now on.
  for (const { labels } of secretIn(deployment, secret)?.versions.values() ?? []) labels.delete('AWSPENDING');
  host.machine.write(host.paths.config, untouched);
  await host.machine.must(['rm', '-f', host.keyFile]);
  await zabbix.api.call('host.update', { hostid: host.monitored.hostId, ...encryption(null) }, z.unknown());
  await zabbix.server.reloadConfigurationCache();
  await host.restartAgent();
  await host.awaitValues(Date.now());
}

/** What is not as it was before a first key, which has been taken back. */
export async function leftOfFirstKey({ zabbix }: Lane, { host, untouched }: Slot): Promise<readonly string[]> {
  const reply = z.tuple([z.object({ tls_connect: z.string(), tls_accept: z.string() })], z.unknown());
  const asked = { hostids: [host.monitored.hostId], output: ['tls_connect', 'tls_accept'] };
  const [found] = await zabbix.api.call('host.get', asked, reply);
  return [
    ...(host.exists(host.keyFile) ? ['the key file is left'] : []),
    ...(host.machine.read(host.paths.config) === untouched ? [] : ['the configuration file is not as it was']),
    ...(found.tls_connect === '1' && found.tls_accept === '1' ? [] : ['Zabbix still encrypts']),
  ];
}
