import { GetSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListCommandsCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { type Cloud, startCloud } from '../lab/aws/cloud.ts';
import { isList, type Json } from '../lab/aws/json.ts';
import { aCloud, aNode, withProperties, withResource } from './a-cloud.ts';

const SecretId = 'zabbix-psk/web-01';
const tagged = 'i-0123456789abcdef0';

test('a role does what its policy allows, and the statement that allowed it is known', async () => {
  const cloud = await aCloud();
  await new SecretsManagerClient(cloud.asRole('Role').client).send(new GetSecretValueCommand({ SecretId }));
  expect(cloud.allowed.at(-1)).toMatchObject({
    action: 'secretsmanager:GetSecretValue',
    by: [{ policy: 'RolePolicy', index: 0, sid: 'Secrets' }],
  });
});

test("what no policy allows is refused in AWS's words, and remembered", async () => {
  const cloud = await aCloud();
  const list = new SSMClient(cloud.asRole('Role').client).send(new ListCommandsCommand({}));
  await expect(list).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringMatching(
      /^User: arn:aws:sts::123456789012:assumed-role\/Rotation-Role-.*\/test is not authorized to perform: ssm:ListCommands on resource: \* because no identity-based policy allows the ssm:ListCommands action$/,
    ),
  });
  expect(cloud.denials).toHaveLength(1);
});

test('a secret of another rotation function is out of reach', async () => {
  const cloud = await aCloud({
    edit: withResource('Other', {
      Type: 'AWS::SecretsManager::Secret',
      Properties: { Name: 'zabbix-psk/b', SecretString: 'x' },
    }),
  });
  const read = new SecretsManagerClient(cloud.asRole('Role').client).send(
    new GetSecretValueCommand({ SecretId: 'zabbix-psk/b' }),
  );
  await expect(read).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test.each([
  { node: tagged, tags: { Rotate: 'yes' }, allowed: true },
  { node: 'mi-0123456789abcdef0', tags: { Rotate: 'yes' }, allowed: true },
  { node: tagged, tags: {}, allowed: false },
])('a command to $node with tags $tags is allowed: $allowed', async ({ node, tags, allowed }) => {
  const cloud = await aCloud({ nodes: [aNode(node, tags)] });
  const sent = new SSMClient(cloud.asRole('Role').client).send(greet(cloud, node));
  await (allowed
    ? expect(sent).resolves.toBeDefined()
    : expect(sent).rejects.toThrow(/ssm:SendCommand on resource: arn:aws:ec2/));
});

test('the document is asked for as well as the node', async () => {
  const cloud = await aCloud({ edit: withoutStatement('Document') });
  const sent = new SSMClient(cloud.asRole('Role').client).send(greet(cloud, tagged));
  await expect(sent).rejects.toThrow(/on resource: arn:aws:ssm:eu-central-1:123456789012:document\//);
});

test('a function acts as its role', async () => {
  const cloud = await aCloud({ edit: withoutStatement('Secrets') });
  const end = await cloud.rotate(SecretId);
  expect(end.outcome).toBe('failed');
  expect(end.failures[0]).toMatchObject({ step: 'createSecret', errorType: 'AccessDeniedException' });
  expect(cloud.denials[0]?.caller).toMatch(/assumed-role\/Rotation-Role-.*\/rotate$/);
});

test('lines of a function that may not write logs are lost', async () => {
  const cloud = await aCloud({ edit: withoutStatement('Logs') });
  await cloud.rotate(SecretId);
  expect(cloud.logs.every(({ delivered }) => !delivered)).toBe(true);
  expect(cloud.denials[0]).toMatchObject({ action: 'logs:CreateLogStream' });
});

test("a schedule is refused while the function's policy does not let Secrets Manager in", async () => {
  const edit = withProperties('Permission', (properties) => ({ ...properties, SourceAccount: '999999999999' }));
  await expect(aCloud({ edit })).rejects.toThrow(/Secrets Manager cannot invoke the specified Lambda function/);
});

test('a function is not made while its role does not trust Lambda', async () => {
  const edit = withProperties('Role', (properties) => ({
    ...properties,
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
  }));
  await expect(aCloud({ edit })).rejects.toThrow(/cannot be assumed by Lambda/);
});

test.each([
  { what: 'lets CloudWatch Logs in', service: 'logs.eu-central-1.amazonaws.com', refused: false },
  { what: 'lets another service in', service: 'events.amazonaws.com', refused: true },
])('a log group under a key whose policy $what is refused: $refused', async ({ service, refused }) => {
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'kms:*', Resource: '*' };
  const key = { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Version: '2012-10-17', Statement: [statement] } } };
  const underKey = withProperties('Logs', (properties) => ({
    ...properties,
    KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] },
  }));
  const made = aCloud({ edit: (template) => underKey(withResource('Key', key)(template)) });
  await (refused
    ? expect(made).rejects.toThrow(/not allowed to be used with LogGroup 'arn:aws:logs:/)
    : expect(made).resolves.toBeDefined());
});

test('to start a rotation one must be allowed to invoke its function', async () => {
  const statement = { Effect: 'Allow', Action: 'secretsmanager:RotateSecret', Resource: '*' };
  const cloud = await aCloud({ edit: withStatements(statement) });
  const rotate = new SecretsManagerClient(cloud.asRole('Role').client).send(new RotateSecretCommand({ SecretId }));
  await expect(rotate).rejects.toThrow(/lambda:InvokeFunction on resource: .*function:rotate/);
});

test("a deny in the secret's own policy stops even the operator", async () => {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
        Condition: { ArnNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/Rotation-Role-*' } },
      },
    ],
  };
  const cloud = await aCloud({
    edit: withResource('Guard', {
      Type: 'AWS::SecretsManager::ResourcePolicy',
      Properties: { SecretId: { Ref: 'Secret' }, ResourcePolicy: policy },
    }),
  });
  const read = (access: Cloud['operator']) =>
    new SecretsManagerClient(access.client).send(new GetSecretValueCommand({ SecretId }));
  await expect(read(cloud.operator)).rejects.toThrow(/with an explicit deny in Guard\[0\]/);
  await expect(read(cloud.asRole('Role'))).resolves.toBeDefined();
});

test('a secret under a customer key needs the key as well', async () => {
  const root = { AWS: { 'Fn::Join': ['', ['arn:aws:iam::', { Ref: 'AWS::AccountId' }, ':root']] } };
  const statement = { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' };
  const key = { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Version: '2012-10-17', Statement: [statement] } } };
  const underKey = withProperties('Secret', (properties) => ({
    ...properties,
    KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] },
  }));
  const cloud = await aCloud({ edit: (template) => underKey(withResource('Key', key)(template)) });
  const read = (access: Cloud['operator']) =>
    new SecretsManagerClient(access.client).send(new GetSecretValueCommand({ SecretId }));
  await expect(read(cloud.asRole('Role'))).rejects.toThrow('Access to KMS is not allowed');
  await expect(read(cloud.operator)).resolves.toBeDefined();
});

test.each([
  {
    what: 'operator',
    statement: { Condition: { IpAddress: { 'aws:SourceAccount': '10.0.0.0/8' } } },
    error: /IpAddress/,
  },
  { what: 'key', statement: { Condition: { StringEquals: { 'aws:UserAgent': 'x' } } }, error: /aws:UserAgent/ },
  { what: 'action', statement: { Action: 'ssm:SendCommands' }, error: /ssm:SendCommands/ },
])('an unknown $what in a policy is refused before anything runs', async ({ statement, error }) => {
  const whole = { Effect: 'Allow', Action: 'ssm:ListCommands', Resource: '*', ...statement };
  await expect(aCloud({ edit: withStatements(whole) })).rejects.toThrow(error);
});

test('a caller whom nobody knows is refused', async () => {
  const cloud = await aCloud();
  const credentials = { accessKeyId: 'AKIA0000000000000000', secretAccessKey: 'x' };
  const read = new SecretsManagerClient({ ...cloud.operator.client, credentials }).send(
    new GetSecretValueCommand({ SecretId }),
  );
  await expect(read).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
});

test('a folder without a stack is refused', async () => {
  await expect(startCloud({ cdkOut: '/nonexistent' })).rejects.toThrow(/manifest.json/);
});

function greet(cloud: Cloud, node: string): SendCommandCommand {
  const DocumentName = cloud.stack.resources.get('Greet')?.ref;
  return new SendCommandCommand({ DocumentName, InstanceIds: [node], Parameters: { name: ['World'] } });
}

function withStatements(...more: Json[]) {
  return statements((list) => [...list, ...more]);
}

function withoutStatement(sid: string) {
  return statements((list) => list.filter((statement) => !JSON.stringify(statement).includes(`"Sid":"${sid}"`)));
}

function statements(change: (list: readonly Json[]) => readonly Json[]) {
  return withProperties('RolePolicy', ({ PolicyDocument = null, ...properties }) => {
    const list = JSON.parse(JSON.stringify(PolicyDocument)).Statement;
    if (!isList(list)) throw new Error('no statements');
    return { ...properties, PolicyDocument: { Version: '2012-10-17', Statement: change(list) } };
  });
}
