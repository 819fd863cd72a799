import { describe, expect, test } from 'vitest';
import { type OutsideCall, sharesOf } from '../lab/bench/own-time.ts';

const invocation = { fromMs: 0, toMs: 10_000 };
const aws = (name: string, atMs: number): OutsideCall => ({ party: 'aws', name, askedMs: atMs, answeredMs: atMs });
const zabbix = (name: string, askedMs: number, answeredMs = askedMs): OutsideCall => ({
  party: 'zabbix',
  name,
  askedMs,
  answeredMs,
});
const look = 'ssm:GetCommandInvocation';

describe('of an invocation of 10 s, its own are', () => {
  test.each([
    { what: 'all of it, when nobody was asked', calls: [], ms: 10_000 },
    { what: 'not the time in which Zabbix owed an answer', calls: [zabbix('host.get', 1_000, 9_000)], ms: 2_000 },
    {
      what: 'not the pauses between two looks at a command',
      calls: [aws('ssm:SendCommand', 100), aws(look, 5_100), aws(look, 9_900)],
      ms: 200,
    },
    {
      what: 'not the pauses between two looks at an item',
      calls: [zabbix('item.get', 100), zabbix('item.get', 9_900)],
      ms: 200,
    },
    {
      what: 'not the wait for a check that was asked for',
      calls: [zabbix('task.create', 100), zabbix('item.get', 9_900)],
      ms: 200,
    },
    {
      what: 'a wait before a first look at anything of Zabbix',
      calls: [zabbix('host.get', 5_000), zabbix('item.get', 10_000)],
      ms: 10_000,
    },
    {
      what: 'a wait before anything else of AWS',
      calls: [aws('secretsmanager:GetSecretValue', 100), aws('secretsmanager:GetSecretValue', 10_000)],
      ms: 10_000,
    },
    { what: 'the moments between looks, which are computing', calls: [aws(look, 9_900), aws(look, 9_950)], ms: 100 },
    { what: 'nothing twice, when calls overlap', calls: [zabbix('a', 0, 8_000), zabbix('b', 1_000, 2_000)], ms: 2_000 },
  ])('$what', ({ calls, ms }) => {
    const { gapsMs, waits } = sharesOf(invocation, calls);
    expect(gapsMs).toBe(ms);
    expect(
      waits.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
      'the rest is waits',
    ).toBe(10_000 - ms);
  });

  test('calls of other invocations count nothing', () => {
    expect(sharesOf(invocation, [zabbix('host.get', -5_000, -1_000), zabbix('host.get', 11_000)])).toEqual({
      gapsMs: 10_000,
      waits: [],
    });
  });
});
