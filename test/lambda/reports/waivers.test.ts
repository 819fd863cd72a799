import { expect, test } from 'vitest';
import { compileReport } from '../../../lambda/reports/compile-report.ts';
import { parseWaivers } from '../../../lambda/reports/waivers.ts';
import { aHost, anEstate } from './an-estate.ts';

const inTheClear = anEstate(
  {},
  { hosts: { known: [aHost('web-01'), aHost('old', { connect: 'none', accept: ['none'] })] } },
);
const waiver = {
  rule: 'unencrypted',
  kind: 'host',
  name: 'old',
  owner: 'ops',
  reason: 'goes in January',
  expires: '2026-11-23',
};

const with_ = (also: Partial<typeof waiver>) =>
  compileReport(inTheClear, parseWaivers({ waivers: [{ ...waiver, ...also }] })).findings;

test('a waived finding stays in the report, with its owner and its end', () => {
  const { owner, reason, expires } = waiver;
  expect(with_({})).toMatchObject([{ rule: 'unencrypted', status: 'waived', waiver: { owner, reason, expires } }]);
});

test('a waiver holds until the end of its last day, and is a finding itself from the next', () => {
  expect(with_({ expires: '2026-11-22' })).toMatchObject([
    { rule: 'unencrypted', status: 'open' },
    { rule: 'waiver-expired', evidence: 'ops has waived it until 2026-11-22' },
  ]);
});

test('a waiver takes in the very name only, and one that takes in nothing is told', () => {
  expect(with_({ name: 'ol*' }).map(({ rule, status }) => `${rule} ${status}`)).toEqual([
    'unencrypted open',
    'waiver-unused open',
  ]);
});

test('that a waiver has ended cannot be waived', () => {
  const ended = { ...waiver, expires: '2026-11-01' };
  const again = { ...waiver, rule: 'waiver-expired', kind: 'waiver', name: 'unencrypted · host old' };
  const { findings } = compileReport(inTheClear, parseWaivers({ waivers: [ended, again] }));
  expect(findings.find(({ rule }) => rule === 'waiver-expired')).toMatchObject({ status: 'open' });
});

test('a file that is not as it must be is refused with all its problems at once', () => {
  const wrong = { waivers: [{ ...waiver, owner: '', expires: 'soon', rule: 'anything' }] };
  expect(() => parseWaivers(wrong)).toThrow(
    /waivers\.0\.rule: .*waivers\.0\.owner: must not be empty.*waivers\.0\.expires/,
  );
});
