import { describe, expect, test } from 'vitest';
import { actions, allStatements, statementsOfRole } from './statements.ts';
import { aFullInventory, anInventory, synthesize } from './synthesis.ts';

const template = synthesize({ ...anInventory, report: aFullInventory.report });
const unsigned = synthesize({ ...anInventory, report: { schedule: aFullInventory.report.schedule } });
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

describe('the key that signs reports', () => {
  const [id, key] = Object.entries(template.findResources('AWS::KMS::Key')).find(([name]) =>
    name.startsWith('SigningKey'),
  ) ?? ['', {}];
  const keyStatements = allStatements(key);
  const root = { AWS: { 'Fn::Join': ['', expect.arrayContaining([':root'])] } };

  test('is there where the inventory asks for it, and outlives the stack', () => {
    expect(key).toMatchObject({
      Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
    expect(JSON.stringify(unsigned.toJSON())).not.toMatch(/SigningKey|SIGNING_KEY|kms:Sign|GetPublicKey/);
  });

  test('lets the report function sign, and nobody else of the account, not by a grant either', () => {
    const [role] = Object.keys(template.findResources('AWS::IAM::Role')).filter((name) => name.startsWith('Reporter'));
    expect(keyStatements.filter((statement) => actions(statement).includes('kms:Sign'))).toEqual([
      {
        Sid: 'ReportFunctionSigns',
        Effect: 'Allow',
        Principal: root,
        Action: 'kms:Sign',
        Resource: '*',
        Condition: { ArnEquals: { 'aws:PrincipalArn': { 'Fn::GetAtt': [role, 'Arn'] } } },
      },
    ]);
    expect(keyStatements).toHaveLength(2);
    expect(keyStatements.flatMap(actions).join(' ')).not.toMatch(/\*|Grant|Encrypt|Decrypt|Replicate/);
  });

  test('is used by the report function for one algorithm, and to tell its public half', () => {
    const uses = its.filter(({ Resource }) => JSON.stringify(Resource) === `{"Fn::GetAtt":["${id}","Arn"]}`);
    expect(uses).toMatchObject([
      { Action: 'kms:Sign', Condition: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } } },
      { Action: 'kms:GetPublicKey' },
    ]);
  });
});
