import { expect, test } from 'vitest';
import { actions, statementsOfRole } from './statements.ts';
import { aFullInventory, anInventory, synthesize } from './synthesis.ts';

const template = synthesize({ ...anInventory, report: aFullInventory.report });
const its = statementsOfRole(template.findResources('AWS::IAM::ManagedPolicy'), 'ReporterRole');
const may = its.flatMap(actions);
const [reporter] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) =>
  id.startsWith('Reporter'),
);

test('an inventory that asks for no report gets no function for it', () => {
  const { report: _, ...without } = aFullInventory;
  const roles = Object.keys(synthesize(without).findResources('AWS::IAM::Role'));
  expect(roles.filter((id) => id.startsWith('Reporter'))).toEqual([]);
});

test('the report function changes no secret, no label and no rotation', () => {
  const secrets = may.filter((action) => action.startsWith('secretsmanager:'));
  expect([...new Set(secrets)].sort()).toEqual(['secretsmanager:GetSecretValue', 'secretsmanager:ListSecrets']);
  expect(may).not.toContain('lambda:InvokeFunction');
});

test('it asks nodes with inspect and no other document', () => {
  const documents = JSON.stringify(its.find(({ Sid }) => Sid === 'SendOwnDocuments')?.Resource);
  expect(documents).toMatch(/Documentsinspect/);
  expect(documents).not.toMatch(/Documents(prepare|switch|restore|forget)/);
});

test('it reads records and waivers and adds reports: it can neither write a record nor delete anything', () => {
  expect([...new Set(may.filter((action) => action.startsWith('s3:')))].sort()).toEqual([
    's3:GetObject',
    's3:ListBucket',
    's3:PutObject',
  ]);
  const put = its.filter((statement) => actions(statement).includes('s3:PutObject'));
  expect(JSON.stringify(put.map(({ Resource }) => Resource))).toMatch(/\/reports\/\*/);
  expect(JSON.stringify(put)).not.toMatch(/records|waivers/);
});

test('it has no right that the sentences above do not name, and none with a wildcard', () => {
  expect([...new Set(may.map((action) => action.split(':')[0]))].sort()).toEqual([
    'kms',
    'logs',
    's3',
    'secretsmanager',
    'ssm',
  ]);
  expect(may.join(' ')).not.toContain('*');
});

test('it is asked by the schedule of the inventory, in the words that it takes', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: aFullInventory.report.schedule,
    Targets: [{ Arn: { 'Fn::GetAtt': [reporter, 'Arn'] }, Input: '{"report":{}}' }],
  });
});
