import { expect, test } from 'vitest';
import { chooseWitness } from '../../../lambda/zabbix/witness.ts';

const item = (key_: string, type: string, delay: string, over = {}) => ({
  itemid: key_,
  key_,
  type,
  delay,
  state: '0',
  history: '7d',
  preprocessing: [],
  lastclock: 0,
  ...over,
});
const both = { connect: 'psk', accept: ['psk'], behindProxy: false } as const;

test.each([
  ['a polled item before one that is sent', [item('sent', '7', '1s'), item('polled', '0', '1m')], 'polled'],
  ['the most frequent polled item', [item('slow', '0', '2m'), item('fast', '0', '5s;10s/1-5,00:00-24:00')], 'fast'],
  ['agent.ping before a more frequent one', [item('fast', '0', '5s'), item('agent.ping', '0', '1m')], 'agent.ping'],
  ['the most frequent item that is sent', [item('slow', '7', '90'), item('fast', '7', '10s')], 'fast'],
])('the witness is %s', (_, items, key) => {
  expect(chooseWitness(items, both)?.key).toBe(key);
});

test.each([
  ['no items', []],
  ['only items that come too rarely', [item('hourly', '7', '1h'), item('daily', '0', '1d')]],
  ['only items whose interval is a macro', [item('macro', '7', '{$INTERVAL}')]],
  ['only an unsupported item', [item('agent.ping', '0', '5s', { state: '1' })]],
  ['only an item without history', [item('agent.ping', '0', '5s', { history: '0' })]],
  [
    'only an item that discards what has not changed',
    [item('agent.ping', '0', '5s', { preprocessing: [{ type: '20' }] })],
  ],
])('there is none with %s', (_, items) => {
  expect(chooseWitness(items, both)).toBeUndefined();
});

test.each([
  [{ connect: 'none', accept: ['psk'], behindProxy: false } as const, 'sent'],
  [{ connect: 'psk', accept: ['none', 'psk'], behindProxy: false } as const, 'polled'],
])('a value that came in clear proves nothing: %o', (encryption, key) => {
  expect(chooseWitness([item('polled', '0', '5s'), item('sent', '7', '5s')], encryption)?.key).toBe(key);
});

test('behind a proxy, whose clock nobody knows, an item that is sent goes before one that is polled', () => {
  const behind = { ...both, behindProxy: 'prompt' } as const;
  const [polled, sent] = [item('agent.ping', '0', '5s'), item('sent', '7', '1m')];
  expect(chooseWitness([polled, sent], behind)).toMatchObject({ key: 'sent', clockOf: 'agent' });
  expect(chooseWitness([polled], behind)).toMatchObject({ key: 'agent.ping', clockOf: 'proxy' });
});
