import { expect, test } from 'vitest';
import { orders } from '../lab/bench/order.ts';
import { pictured } from '../lab/bench/pictured.ts';
import { aRotation, aTimeLine, aVersion } from './some-results.ts';

/** Each round's order is told by its time of telling. */
function rounds(...holesS: number[]) {
  return holesS.flatMap((holeS, index) =>
    orders.map((order) => ({
      rotation: aRotation(order, { round: index + 1, passive: { holeS, lost: 0 } }),
      timeLine: { ...aTimeLine(order), toldS: index + 1 },
    })),
  );
}

test('the round nearest to the medians is drawn, every order of it', () => {
  const { timeLines, ...about } = pictured({ version: aVersion(), measured: rounds(70, 6, 35) }, 5);
  expect(timeLines.map(({ order, toldS }) => ({ order, toldS }))).toEqual(orders.map((order) => ({ order, toldS: 3 })));
  expect(about).toEqual({ zabbix: '6.0.14', agent: 'zabbix_agentd', everyS: 5 });
});

test('nothing measured is nothing to draw', () => {
  expect(() => pictured({ version: aVersion(), measured: [] }, 5)).toThrow(/no round/);
});
