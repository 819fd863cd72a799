import { describe, expect, test } from 'vitest';
import { synthesize } from './synthesis.ts';

const anEntry = { name: 'web-01', schedule: 'cron(0 3 1 * ? *)', window: '4h' };
const zabbix = { url: 'https://zabbix.example.com/api_jsonrpc.php' };
const template = synthesize({ zabbix, secrets: [anEntry] });

describe('the value of a secret', () => {
  // Letter by letter: any change makes CloudFormation write this over the only copy of every key in use.
  const constant = {
    GenerateStringKey: 'placeholder',
    SecretStringTemplate: '{"adopt":"put identity, psk and targets here; see README"}',
  };
  const accessConstant = {
    GenerateStringKey: 'placeholder',
    SecretStringTemplate: '{"adopt":"put the Zabbix API token here; see README"}',
  };

  test.each([
    ['as it is', [anEntry]],
    ['with another schedule', [{ ...anEntry, schedule: 'rate(30 days)' }]],
    ['without a window', [{ name: anEntry.name, schedule: anEntry.schedule }]],
    ['beside others', [{ ...anEntry, name: 'db/01' }, anEntry]],
  ])('never depends on the inventory: %s', (_, secrets) => {
    const changed = synthesize({
      zabbix: { ...zabbix, server: 'zabbix.example.com:10051' },
      timeouts: { serverWaitS: 90 },
      secrets,
    });

    const rotated = rotatedSecrets(changed);
    expect(Object.keys(rotated)).toHaveLength(secrets.length);
    for (const { Properties } of Object.values(rotated)) {
      expect(Properties.GenerateSecretString).toEqual(constant);
      expect(Properties.SecretString).toBeUndefined();
    }
    // The same entry stays the same resource, with nothing that a deploy would have to write.
    expect(changed.findResources('AWS::SecretsManager::Secret')).toMatchObject(
      template.findResources('AWS::SecretsManager::Secret'),
    );
  });

  test('that signs in to Zabbix is a constant too', () => {
    const access = Object.entries(template.findResources('AWS::SecretsManager::Secret')).filter(([id]) =>
      id.startsWith('Access'),
    );
    expect(access).toMatchObject([[expect.any(String), { Properties: { GenerateSecretString: accessConstant } }]]);
  });
});

test('secrets, their key and the log outlive the stack', () => {
  for (const type of ['AWS::SecretsManager::Secret', 'AWS::KMS::Key', 'AWS::Logs::LogGroup']) {
    const resources = Object.values(template.findResources(type));
    expect(resources.length).toBeGreaterThan(0);
    for (const resource of resources) {
      expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  }
});

test('a deploy does not rotate', () => {
  const schedules = Object.values(template.findResources('AWS::SecretsManager::RotationSchedule'));

  expect(schedules).toHaveLength(1);
  for (const { Properties } of schedules) {
    expect(Properties).toMatchObject({
      RotateImmediatelyOnUpdate: false,
      RotationRules: { ScheduleExpression: anEntry.schedule, Duration: anEntry.window },
    });
  }
});

test('a schedule waits for the function’s rights and for Secrets Manager’s right to call it', () => {
  const [schedule] = Object.values(template.findResources('AWS::SecretsManager::RotationSchedule'));
  const types = [schedule?.DependsOn].flat().map((id) => template.toJSON().Resources[id].Type);

  expect(types.sort()).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::Lambda::Permission']);
});

test('names that differ only in their punctuation are different secrets', () => {
  const names = ['a/b', 'a--b', 'a.b', 'a_b', 'a2Fb'];
  const template = synthesize({ zabbix, secrets: names.map((name) => ({ ...anEntry, name })) });

  expect(Object.values(rotatedSecrets(template)).map(({ Properties }) => Properties.Name)).toEqual(
    names.map((name) => `zabbix-psk/${name}`),
  );
});

function rotatedSecrets(from: ReturnType<typeof synthesize>) {
  return Object.fromEntries(
    Object.entries(from.findResources('AWS::SecretsManager::Secret')).filter(([id]) => id.startsWith('Secrets')),
  );
}

test('a first encryption is asked for by a tag that says what is taken afterwards, and by nothing else', () => {
  const tagsOf = (entry: object) =>
    Object.values(rotatedSecrets(synthesize({ zabbix, secrets: [{ ...anEntry, ...entry }] }))).map(
      ({ Properties }) => Properties.Tags,
    );
  expect(tagsOf({ firstEncryption: 'only-psk' })).toEqual([
    expect.arrayContaining([{ Key: 'ZabbixPskFirstEncryption', Value: 'only-psk' }]),
  ]);
  expect(JSON.stringify(tagsOf({}))).not.toContain('FirstEncryption');
  const valuesOf = (entry: object) =>
    Object.values(rotatedSecrets(synthesize({ zabbix, secrets: [{ ...anEntry, ...entry }] }))).map(
      ({ Properties }) => Properties.GenerateSecretString,
    );
  expect(valuesOf({ firstEncryption: 'only-psk' })).toEqual(valuesOf({}));
});
