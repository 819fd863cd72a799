import { describe, expect, test } from 'vitest';
import { courseOf } from '../lab/bench/kinds/rotate-kind.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 5, 12, 0, second)).toISOString();
const atMs = (second: number) => Date.parse(at(second));
const fact = (second: number, event: string) => ({ at: at(second), event });
const facts = [
  fact(1, 'target.ready'),
  fact(2, 'zabbix.giving'),
  fact(20, 'target.switched'),
  fact(24, 'target.proven'),
  fact(26, 'target.proven'),
  fact(30, 'rotation.ended'),
];

describe('the course of a rotation', () => {
  test('goes from the give to the last proof; the key is accepted when the first agent or proxy is stopped for it', () => {
    const proxy = { gate: 'shadow-agent', switchedAt: at(18), agentDownMs: 2000 };
    const agent = { gate: 'shadow-agent', switchedAt: at(19), agentDownMs: 500 };
    expect(courseOf(facts, [agent, proxy])).toEqual({
      ...{ gate: 'shadow-agent', givenMs: atMs(2), acceptedMs: atMs(16), provenMs: atMs(26) },
    });
  });

  test('of autoregistration has nobody who is stopped: the function has seen the server take the key', () => {
    const target = { gate: 'port-probe', switchedAt: at(29) };
    expect(courseOf(facts, [target])).toMatchObject({ gate: 'port-probe', acceptedMs: atMs(20) });
  });

  test('begins with the first give, where a later try gave it once more', () => {
    const again = [...facts.slice(0, 2), fact(7, 'zabbix.giving'), ...facts.slice(2)];
    expect(courseOf(again, [{ gate: 'now', switchedAt: at(9) }]).givenMs).toBe(atMs(2));
  });

  test.each([
    {
      missing: 'the give',
      known: facts.filter(({ event }) => event !== 'zabbix.giving'),
      targets: [{ gate: 'now', switchedAt: at(9) }],
    },
    {
      missing: 'the proof',
      known: facts.filter(({ event }) => event !== 'target.proven'),
      targets: [{ gate: 'now', switchedAt: at(9) }],
    },
    { missing: 'every target', known: facts, targets: [] },
  ])('without $missing is no figure', ({ known, targets }) => {
    expect(() => courseOf(known, targets)).toThrow(/not told whole/);
  });
});
