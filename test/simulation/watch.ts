import type { Ports } from '../../lambda/rotation/ports.ts';
import type { Site } from './site.ts';

/** Gets one line for everything that happens. */
export type Tell = (line: string) => void;

/** Tells what happens in a schedule, with seconds from its beginning: calls and their fate, facts, effects on nodes, who answers what. */
export function watch({ clock, account, calls, secrets }: Site, tell: Tell): void {
  const fromMs = clock.now().ms;
  const say = (text: string) => tell(`${((clock.now().ms - fromMs) / 1000).toFixed(1).padStart(9)} ${text}`);
  calls.told = (call, fate) => say(`  ${call}${fate === 'answered' ? '' : `: ${fate}`}`);
  for (const node of account.nodes) {
    const isKilledAfter = node.isKilledAfter;
    node.isKilledAfter = (effect) => {
      const isKilled = isKilledAfter(effect);
      say(`    ${node.host.name}: ${effect}${isKilled ? ', and killed' : ''}`);
      return isKilled;
    };
  }
  const between = account.between;
  account.between = (ports: Ports) => {
    const inner = between(ports);
    return {
      ...inner,
      archive: {
        ...inner.archive,
        append: (fact) => {
          say(JSON.stringify(fact));
          return inner.archive.append(fact);
        },
      },
    };
  };
  for (const { secretName, labels } of secrets.map((secret) => ({
    secretName: secret.secretName,
    labels: secret.labels(),
  })))
    say(`${secretName} ${JSON.stringify(labels)}`);
}
