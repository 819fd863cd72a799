import { expect, test } from 'vitest';
import { targetInput } from '../lab/aws/events/input.ts';
import { decide } from '../lab/aws/iam/decide.ts';
import { arnMatches, globMatches } from '../lab/aws/iam/match.ts';
import { conditionHolds } from '../lab/aws/iam/operators.ts';
import { parsePolicy } from '../lab/aws/iam/statement.ts';
import type { Json } from '../lab/aws/json.ts';
import type { Principal } from '../lab/aws/principal.ts';
import { aCloud } from './a-cloud.ts';

test.each([
  { operator: 'StringEquals', wanted: ['a', 'b'], actual: ['b'], holds: true },
  { operator: 'StringEquals', wanted: ['a'], actual: undefined, holds: false },
  { operator: 'StringEqualsIfExists', wanted: ['a'], actual: undefined, holds: true },
  { operator: 'StringNotEquals', wanted: ['a', 'b'], actual: ['c'], holds: true },
  { operator: 'StringNotEquals', wanted: ['a'], actual: undefined, holds: true },
  { operator: 'StringNotEquals', wanted: ['a', 'b'], actual: ['a'], holds: false },
  { operator: 'StringLike', wanted: ['a*c'], actual: ['abbc'], holds: true },
  { operator: 'ForAnyValue:StringEquals', wanted: ['a'], actual: ['b', 'a'], holds: true },
  { operator: 'ForAnyValue:StringEquals', wanted: ['a'], actual: undefined, holds: false },
  { operator: 'ForAllValues:StringEquals', wanted: ['a'], actual: ['b', 'a'], holds: false },
  { operator: 'ForAllValues:StringEquals', wanted: ['a'], actual: undefined, holds: true },
  { operator: 'Null', wanted: ['true'], actual: undefined, holds: true },
  { operator: 'Null', wanted: ['false'], actual: undefined, holds: false },
  { operator: 'Bool', wanted: ['false'], actual: ['true'], holds: false },
  { operator: 'NumericLessThan', wanted: ['10'], actual: ['9'], holds: true },
])('$operator $wanted on $actual holds: $holds', ({ operator, wanted, actual, holds }) => {
  expect(conditionHolds(operator, wanted, actual)).toBe(holds);
});

test('a wildcard in an ARN does not reach over a colon, one in a resource does', () => {
  expect(arnMatches('arn:aws:ssm:*:1:document/*', 'arn:aws:ssm:eu:1:document/a:b')).toBe(true);
  expect(arnMatches('arn:aws:ssm:*:document/*', 'arn:aws:ssm:eu:1:document/a')).toBe(false);
  expect(globMatches('arn:aws:ssm:*:document/*', 'arn:aws:ssm:eu:1:document/a')).toBe(true);
  expect(globMatches('a.c', 'abc')).toBe(false);
});

const role: Principal = {
  kind: 'role',
  role: { name: 'r', arn: 'arn:aws:iam::1:role/r', logicalId: 'R', statements: [], trust: [] },
  arn: 'x',
};
const service: Principal = { kind: 'service', service: 'events.amazonaws.com', sourceArn: 'y' };
const allow = (principal: Json, action = 'sns:Publish') => ({
  Effect: 'Allow',
  Principal: principal,
  Action: action,
  Resource: '*',
});

test.each([
  { what: 'an allow that names the role', who: role, policy: allow({ AWS: 'arn:aws:iam::1:role/r' }), allowed: true },
  { what: 'an allow for the account', who: role, policy: allow({ AWS: 'arn:aws:iam::1:root' }), allowed: false },
  { what: 'an allow for a service', who: service, policy: allow({ Service: 'events.amazonaws.com' }), allowed: true },
  {
    what: 'an allow for another service',
    who: service,
    policy: allow({ Service: 'sns.amazonaws.com' }),
    allowed: false,
  },
])("$what in a resource's policy allows: $allowed", ({ who, policy, allowed }) => {
  expect(ask(who, 'sns:Publish', [], policy)).toBe(allowed);
});

test.each([
  {
    what: 'a key policy for the account and an identity policy',
    identity: true,
    principal: { AWS: '1' },
    allowed: true,
  },
  { what: 'a key policy for the account alone', identity: false, principal: { AWS: '1' }, allowed: false },
  { what: 'an identity policy alone', identity: true, principal: { AWS: 'arn:aws:iam::1:role/other' }, allowed: false },
])('$what opens a key: $allowed', ({ identity, principal, allowed }) => {
  const own = identity ? [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] : [];
  expect(ask(role, 'kms:Decrypt', own, allow(principal, 'kms:Decrypt'))).toBe(allowed);
});

test('statements that nothing has needed are known', async () => {
  const cloud = await aCloud();
  await cloud.rotate('zabbix-psk/web-01');
  expect(cloud.idleStatements().map(({ sid }) => sid)).toEqual(['Document', 'Nodes', 'Replies']);
});

test.each([
  { template: '"<name> of <secret>"', input: 'RotationFailed of web-01' },
  { template: '<name> of <secret>', input: 'RotationFailed of web-01' },
  { template: '{"what": <name>, "text": "it is <secret>"}', input: { what: 'RotationFailed', text: 'it is web-01' } },
  { template: '{"what": "<name>", "n": <count>}', input: { what: 'RotationFailed', n: 3 } },
])('the input template $template becomes $input', ({ template, input }) => {
  const paths = { name: '$.detail.name', secret: '$.detail.secret', count: '$.detail.count' };
  const target = { id: 't', arn: 'a', input: undefined, inputPath: undefined, deadLetterArn: undefined };
  const event = { detail: { name: 'RotationFailed', secret: 'web-01', count: 3 } };
  const rule = { ruleArn: 'r', ruleName: 'r', ingestionTime: 'now' };
  expect(targetInput({ ...target, transformer: { paths, template } }, event, rule)).toEqual(input);
});

function ask(principal: Principal, action: string, identity: Json, resourceStatement: Json): boolean {
  const document = (Statement: Json) => ({ Version: '2012-10-17', Statement });
  return decide({
    principal,
    accountId: '1',
    action,
    resource: 'arn:aws:sns:eu:1:topic',
    context: {},
    identityPolicy: parsePolicy(document(identity), 'identity', 'identity'),
    resourcePolicy: parsePolicy(document(resourceStatement), 'resource', 'resource'),
  }).allowed;
}
