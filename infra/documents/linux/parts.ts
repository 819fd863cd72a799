import type { Verb } from '../../../lambda/contract.ts';

/** What every verb but `reload` needs, in this order: later files use what earlier ones define. */
const always = [
  'reply.sh',
  'state.sh',
  'configuration.sh',
  'agent.sh',
  'first-key.sh',
  'key.sh',
  'programs.sh',
] as const;

/**
 * The files whose contents, one after the other, are a verb's document. All lie beside this one.
 * Nothing happens before the verb's own file, which is the last.
 */
export const parts: Readonly<Record<Verb, readonly string[]>> = {
  inspect: [...always, 'inspect.sh'],
  prepare: [...always, 'probe.sh', 'exchange.sh', 'prepare.sh'],
  switch: [...always, 'probe.sh', 'exchange.sh', 'gate.sh', 'switch.sh'],
  restore: [...always, 'probe.sh', 'exchange.sh', 'gate.sh', 'restore.sh'],
  forget: [...always, 'exchange.sh', 'forget.sh'],
  reload: ['reply.sh', 'state.sh', 'configuration.sh', 'agent.sh', 'reload.sh'],
};
