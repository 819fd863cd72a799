import { expect, test } from 'vitest';
import { kinds, reloads } from '../lab/bench/kinds/kind.ts';
import { inOneLine, table } from '../lab/bench/kinds/table.ts';
import { aKindRotation, aVersionOfKinds, someItems, someKindResults } from './some-kinds.ts';

const told = (...versions: Parameters<typeof aVersionOfKinds>[]) =>
  table(someKindResults(versions.map((about) => aVersionOfKinds(...about))));

test('each kind has a line without and one with reload: median and most of its times and holes, the sum of what was lost', () => {
  const lines = told([
    [
      aKindRotation({ own: someItems({ holeS: 20, lost: 3 }), provenS: 40 }),
      aKindRotation({ round: 2, own: someItems({}, { lost: 1 }), provenS: 60, acceptedS: 40 }),
      aKindRotation({ reload: 'with', own: someItems(), provenS: 12, acceptedS: 1.5 }),
    ],
  ]);
  expect(lines[0]).toBe(
    'Zabbix 6.0.14, default settings (it renews its cache every 60 s); median and most of 2, seconds',
  );
  expect(lines.filter((line) => line.startsWith('a host')).map((line) => line.split(/ {2,}/))).toEqual([
    ['a host', 'without', '35.0 40.0', '50.0 60.0', '12.5 20.0', '5.0 5.0', '4', '1.2 1.2', '5.8 5.8'],
    ['a host', 'with', '1.5 1.5', '12.0 12.0', '5.0 5.0', '5.0 5.0', '0', '1.2 1.2', '5.8 5.8'],
  ]);
});

test('where proxy and agent are rotated together, the agent’s items come first and a line tells of a host behind the proxy', () => {
  const lines = told([
    [aKindRotation({ kind: 'proxy-and-agent', own: someItems(), behind: someItems({ latestS: 9.9 }) })],
  ]);
  const [first = '', second = ''] = lines.slice(4);
  expect(first).toMatch(/^an active proxy and its own agent +without +30\.0 30\.0 +42\.5 42\.5 +5\.0 5\.0/);
  expect(second.split(/ {2,}/)).toEqual(['', 'a host behind it', '5.0 5.0', '5.0 5.0', '0', '9.9 9.9', '5.8 5.8']);
});

test('what is left out is told in words', () => {
  const left = { kind: 'behind-passive-proxy', reload: 'with', because: 'nobody can hurry it' } as const;
  expect(told([[], { leftOut: [left] }])).toContain('a host behind a passive proxy, with reload: nobody can hurry it');
});

test('it fits into 120 columns, long holes and all', () => {
  const slow = someItems({ holeS: 199.9, lost: 39, latestS: 199.9 }, { holeS: 199.9, lost: 39, latestS: 199.9 });
  const rotations = kinds.flatMap((kind) =>
    reloads.map((reload) => aKindRotation({ kind, reload, acceptedS: 99.9, provenS: 199.9, own: slow, behind: slow })),
  );
  expect(Math.max(...told([rotations]).map((line) => line.length))).toBeLessThanOrEqual(120);
});

test('while it goes on a rotation is one line', () => {
  expect(inOneLine(aKindRotation({ own: someItems({ lost: 2 }) }))).toBe(
    '1. a host, without: shadow-agent, accepted after 30.0 s, proven after 42.5 s; own hole 5.0/5.0 s, 2 lost, at most 1.2/5.8 s late',
  );
  expect(inOneLine(aKindRotation({ kind: 'autoregistration', gate: 'port-probe' }))).toMatch(/proven after 42\.5 s$/);
});
