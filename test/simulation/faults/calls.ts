import type { Spell } from '../calls.ts';
import { aMoment, type Site } from '../site.ts';
import type { Fault } from './fault.ts';

function spell(name: string, calls: string, fate: Spell['fate'], probability: number): Fault {
  return {
    name,
    heals: true,
    befalls: (site) => {
      const fromMs = aMoment(site);
      const toMs = fromMs + site.random.of([30_000, 200_000, 1_000_000]);
      site.calls.goWrong({ fromMs, toMs, calls, fate, probability });
    },
  };
}

/** The function is killed at so many calls; a rotation of one host makes about 50. */
function kill(site: Site, times: number): void {
  for (let n = 0; n < times; n += 1) site.calls.killsAt.add(1 + site.random.below(140));
}

/** What goes wrong between a function of ours and whoever it asks. What is told as failed has failed after the SDK's own tries. */
export const callFaults: readonly Fault[] = [
  spell('Secrets Manager throttles', 'secretsmanager:', 'fails', 0.3),
  spell('Secrets Manager is away', 'secretsmanager:', 'fails', 1),
  spell('the KMS key is disabled for a while', 'secretsmanager:GetSecretValue', 'fails', 1),
  spell('Systems Manager throttles', 'ssm:', 'fails', 0.3),
  spell('Systems Manager is away', 'ssm:', 'fails', 1),
  spell('Zabbix answers 5xx now and then', 'zabbix:', 'fails', 0.3),
  spell('answers of Secrets Manager are lost after the change', 'secretsmanager:', 'lost', 0.2),
  spell('answers of Systems Manager are lost after the change', 'ssm:', 'lost', 0.2),
  spell('answers of Zabbix are lost after the change', 'zabbix:', 'lost', 0.3),
  spell('S3 throttles', 's3:', 'fails', 0.3),
  spell('S3 is away', 's3:', 'fails', 1),
  spell('answers of S3 are lost after the change', 's3:', 'lost', 0.3),
  {
    name: 'every answer is slow',
    heals: true,
    befalls: (site) => {
      site.calls.tripAtMostMs = site.random.of([1_000, 3_000]);
    },
  },
  { name: 'the function is killed once', heals: true, befalls: (site) => kill(site, 1) },
  { name: 'the function is killed again and again', heals: true, befalls: (site) => kill(site, 4) },
];
