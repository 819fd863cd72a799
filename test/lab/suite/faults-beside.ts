/** A deployment of one host's own beside the others, for faults of what all hosts of a deployment share. */
import type { SmallHost } from '../hosts/small-host.ts';
import { deployBeside, type Lab } from '../lab.ts';

export type Patience = Parameters<typeof deployBeside>[2];

export async function withDeployment(
  lab: Lab,
  name: string,
  patience: Patience,
  options: Parameters<typeof deployBeside>[3],
  run: (beside: Lab, host: SmallHost) => Promise<void>,
): Promise<void> {
  const host = await lab.host({ name, agent: 'zabbix_agentd' });
  const beside = await deployBeside(lab, [name], patience, options);
  try {
    await beside.adopt(name, [host]);
    await run(beside, host);
  } finally {
    await beside.stop();
  }
}
