import { type Deployment, deploy, synthesizeFor } from '../../deployment.ts';
import { labelled } from '../../suite/held.ts';
import type { Credential } from '../../zabbix/monitored-host.ts';
import type { Kind } from './kind.ts';
import type { KindsLab } from './kinds-lab.ts';
import { reloadOf, type Subject } from './subjects.ts';

/** The stack with a secret for each of them, holding the key that is in use. */
export async function deployFor(
  { zabbix, subjects: all }: KindsLab,
  subjects: readonly Subject[],
  told: boolean,
  held: ReadonlyMap<Kind, Credential>,
) {
  const { cdkOut, remove } = await synthesizeFor(zabbix, {
    secrets: subjects.map(({ kind }) => kind),
    serverPortIsOpen: true,
    ...(told ? { reload: reloadOf(zabbix, all) } : {}),
  });
  const deployment = await deploy(zabbix, { cdkOut, remove });
  for (const { kind, targets } of subjects) await deployment.put(kind, JSON.stringify({ ...held.get(kind), targets }));
  return {
    deployment,
    async remove() {
      await deployment.close();
      await remove();
    },
  };
}

export function currentOf(deployment: Pick<Deployment, 'cloud'>, kind: Kind): Credential {
  const current = labelled(deployment, kind, 'AWSCURRENT');
  if (current === undefined) throw new Error(`${kind} has no AWSCURRENT`);
  return { identity: current.identity, psk: current.psk };
}
