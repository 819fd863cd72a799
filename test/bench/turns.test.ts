import { expect, test } from 'vitest';
import { turns } from '../lab/bench/turns.ts';

const kinds = ['zabbix_agentd', 'zabbix_agent2'] as const;

test('the agents take turns, round by round', () => {
  expect(turns(kinds, 2).map(({ kind, round }) => `${round} ${kind}`)).toEqual([
    '1 zabbix_agentd',
    '1 zabbix_agent2',
    '2 zabbix_agentd',
    '2 zabbix_agent2',
  ]);
});

test.each(kinds)('the rounds of %s meet every part of both periods once', (kind) => {
  const own = turns(kinds, 5).filter((turn) => turn.kind === kind);
  const parts = [0.1, 0.3, 0.5, 0.7, 0.9];
  expect(own.map(({ partOfPeriod }) => partOfPeriod).toSorted()).toEqual(parts);
  expect(own.map(({ partOfInterval }) => partOfInterval).toSorted()).toEqual(parts);
});
