import { expect, test } from 'vitest';
import { addressOf, isOneOf } from '../../../lambda/zabbix/places.ts';

const known = ['zabbix.example.com', '192.0.2.7:10061', '[2001:db8::1]:10061', '2001:db8::2'];

test.each([
  ['zabbix.example.com'],
  ['Zabbix.Example.com:10051'],
  ['192.0.2.7:10061'],
  ['[2001:DB8::1]:10061'],
  ['2001:db8::2'],
  ['[2001:db8::2]'],
  ['[2001:db8::2]:10051'],
  ['elsewhere;zabbix.example.com:10051'],
])('%s is one of ours', (place) => {
  expect(isOneOf(known, place)).toBe(true);
});

test.each([['zabbix.example.com:10061'], ['zabbix'], ['192.0.2.7'], ['2001:db8::1'], ['one.elsewhere;two.elsewhere']])(
  '%s is not',
  (place) => {
    expect(isOneOf(known, place)).toBe(false);
  },
);

test('the address of the server is written so that its port can be told', () => {
  expect(addressOf({ host: 'zabbix', port: 10_051 })).toBe('zabbix:10051');
  expect(isOneOf([addressOf({ host: '2001:db8::1', port: 10_061 })], '[2001:db8::1]:10061')).toBe(true);
});
