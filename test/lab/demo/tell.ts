import { z } from 'zod';
import type { Lab, LoggedFact } from '../lab.ts';
import type { Screen } from './screen.ts';

/** The function's log in plain words, while it is written. Facts that have no words here are not for this audience. */
const words: Readonly<Record<string, (fact: Fact) => string>> = {
  'credential.minted': ({ keyBytes, identity }) =>
    `a new key of ${keyBytes} bytes is in Secrets Manager (AWSPENDING), identity ${identity}`,
  'target.ready': ({ gate, node, waitsFor, proxy }) =>
    `node ${node} is prepared and armed: it asks ${waitsFor === 'proxy' ? proxyCalled(proxy) : 'the server'} itself (${gate})`,
  'zabbix.giving': () => 'Zabbix is given the new key; the old one works until the server renews its cache',
  'cache.reloading': ({ caches }) => `told to renew what they know at once: ${caches?.join('; ')}`,
  'cache.reloaded': ({ cache, tookMs }) => `${cache}: took the word after ${((tookMs ?? 0) / 1000).toFixed(1)} s`,
  'cache.notReloaded': ({ cache, because }) => `${cache}: not told, so waiting for the renewal by itself (${because})`,
  'rotation.waiting': ({ for: whom, way, until }) =>
    `waiting until ${until} for ${whom?.map(String).join(', ')} to have the ${way === 'back' ? 'old' : 'new'} key; nothing is held open`,
  'rotation.stillWaiting': ({ until }) => `still waiting for its proxy, until ${until}`,
  'target.switched': ({ waitedMs, agentDownMs }) =>
    `the server accepted the new key after ${((waitedMs ?? 0) / 1000).toFixed(1)} s; the agent was away for ${agentDownMs} ms`,
  'target.proven': ({ evidence }) =>
    `proven: a fresh value, the right fingerprint on the node${evidence?.oldKey === 'refused' ? ', and the server refuses the old key' : ''}`,
  'target.notProven': () => 'not proven',
  'credential.promoted': () => 'the new key is AWSCURRENT',
  'rotation.goingBack': ({ because }) => `GOING BACK: ${because}`,
  'zabbix.givingBack': () => 'Zabbix is given the old key again',
  'target.restored': () => 'the node says that the old key is in place',
  'rotation.ended': ({ outcome }) => `ended: ${outcome}`,
  'record.kept': ({ key }) => `recorded for the auditor: ${key}`,
};

function proxyCalled(name: string | undefined): string {
  return name === undefined || name.startsWith('a proxy ') ? (name ?? 'its proxy') : `proxy ${name}`;
}

const factShape = z.looseObject({
  event: z.string(),
  target: z.string().optional(),
  targets: z.array(z.union([z.string(), z.looseObject({ target: z.string() })])).optional(),
  keyBytes: z.number().optional(),
  identity: z.string().optional(),
  gate: z.string().optional(),
  waitsFor: z.string().optional(),
  proxy: z.string().optional(),
  caches: z.array(z.string()).optional(),
  cache: z.string().optional(),
  tookMs: z.number().optional(),
  for: z.array(z.string()).optional(),
  way: z.string().optional(),
  until: z.string().optional(),
  node: z.string().optional(),
  waitedMs: z.number().optional(),
  agentDownMs: z.number().optional(),
  because: z.string().optional(),
  outcome: z.string().optional(),
  secretId: z.string().optional(),
  evidence: z.looseObject({ oldKey: z.string() }).optional(),
});
type Fact = z.infer<typeof factShape>;

/** Tells what the function logs for as long as `work` goes on. */
export async function telling<T>(
  lab: Pick<Lab, 'facts'>,
  screen: Pick<Screen, 'fact'>,
  work: () => Promise<T>,
): Promise<T> {
  let told = lab.facts().length;
  const tell = () => {
    const facts = lab.facts();
    for (const fact of facts.slice(told)) tellOne(fact, screen);
    told = facts.length;
  };
  const timer = setInterval(tell, 200);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    tell();
  }
}

function tellOne(logged: LoggedFact, screen: Pick<Screen, 'fact'>): void {
  const fact = factShape.parse(logged);
  const say = words[fact.event];
  if (say !== undefined) screen.fact(fact.target ?? nameOf(fact), say(fact));
}

function nameOf({ targets, secretId }: Fact): string {
  const [first] = targets ?? [];
  if (first !== undefined) return typeof first === 'string' ? first : first.target;
  return /zabbix-psk\/(.+)-[A-Za-z0-9]{6}$/.exec(secretId ?? '')?.[1] ?? '';
}
