import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AwsCommandLine, awsCommandLine } from './aws-command-line.ts';
import type { SmallHost } from './hosts/small-host.ts';
import { type Lab, startLab } from './lab.ts';

const name = 'zabbix-psk/web-01';

describe("Debian's aws, against the stand-in", () => {
  let lab: Lab;
  let host: SmallHost;
  let commandLine: AwsCommandLine;

  beforeAll(async () => {
    lab = await startLab({ server: { cacheUpdateFrequencyS: 5 }, secrets: ['web-01'], reports: true });
    [host, commandLine] = await Promise.all([
      lab.host({ name: 'web-01', agent: 'zabbix_agentd' }),
      awsCommandLine(lab.cloud.operator),
    ]);
  });
  afterAll(() => lab?.stop());

  /** One command; what it prints, parsed. */
  async function aws(command: string, words: Record<string, string> = {}, input?: string): Promise<unknown> {
    const options = Object.entries(words).flatMap(([option, value]) => [`--${option}`, value]);
    return JSON.parse(await commandLine([...command.split(' '), ...options], input));
  }

  test('creates a secret, puts another value and reads it', async () => {
    const made = await aws('secretsmanager create-secret', { name: 'notes', 'secret-string': 'one' });
    expect(made).toMatchObject({ Name: 'notes', ARN: expect.stringMatching(/:secret:notes-.{6}$/) });
    await aws('secretsmanager put-secret-value', { 'secret-id': 'notes', 'secret-string': 'two' });
    const [now, before] = await Promise.all([
      aws('secretsmanager get-secret-value', { 'secret-id': 'notes' }),
      aws('secretsmanager get-secret-value', { 'secret-id': 'notes', 'version-stage': 'AWSPREVIOUS' }),
    ]);
    expect(now).toMatchObject({ SecretString: 'two', VersionStages: ['AWSCURRENT'] });
    expect(before).toMatchObject({ SecretString: 'one' });
  });

  test('adopts a host, looks at it, rotates its key and lists the commands that did it', async () => {
    const targets = [{ kind: 'host', name: 'web-01', node: host.instanceId }];
    const value = JSON.stringify({ ...host.credential, targets });
    const file = { 'secret-id': name, 'secret-string': 'file:///dev/stdin' };
    await aws('secretsmanager put-secret-value', file, value);

    const event = ['--cli-binary-format', 'raw-in-base64-out', '--payload', JSON.stringify({ inspect: name })];
    const said = await commandLine(['lambda', 'invoke', '--function-name', lab.rotator, ...event, '/dev/stdout']);
    expect(said).toMatch(/A rotation of zabbix-psk\/web-01 would mint a key of 32 bytes/);

    const started = await aws('secretsmanager rotate-secret', { 'secret-id': name });
    const { outcome, versionId } = await lab.cloud.rotationEnded(name);
    expect(outcome).toBe('succeeded');
    expect(started).toMatchObject({ Name: name, VersionId: versionId });

    const [described, listed, nodes] = await Promise.all([
      aws('secretsmanager describe-secret', { 'secret-id': name }),
      aws('ssm list-command-invocations --details', { 'instance-id': host.instanceId }),
      aws('ssm describe-instance-information'),
    ]);
    expect(described).toMatchObject({
      RotationEnabled: true,
      LastRotatedDate: expect.any(String),
      VersionIdsToStages: { [versionId]: expect.arrayContaining(['AWSCURRENT']) },
    });
    expect(listed).toMatchObject({
      CommandInvocations: expect.arrayContaining([
        expect.objectContaining({
          InstanceId: host.instanceId,
          Comment: 'zabbix-psk switch web-01',
          Status: 'Success',
          CommandPlugins: [expect.objectContaining({ ResponseCode: 0 })],
        }),
      ]),
    });
    const node = expect.objectContaining({ InstanceId: host.instanceId, PingStatus: 'Online' });
    expect(nodes).toMatchObject({ InstanceInformationList: expect.arrayContaining([node]) });
  });

  test('tells the public key that reports are verified with, as docs/report.md has it fetched', async () => {
    const keyId = String(lab.cloud.stack.outputs.ReportSigningKey);
    const words = ['kms', 'get-public-key', '--key-id', keyId, '--query', 'PublicKey', '--output', 'text'];
    const key = createPublicKey({ key: await commandLine(words), format: 'der', type: 'spki', encoding: 'base64' });
    expect(key.export({ type: 'spki', format: 'pem' })).toBe(await lab.publicKey());
  });

  test('tells what is refused', async () => {
    await expect(aws('secretsmanager get-secret-value', { 'secret-id': 'nobody' })).rejects.toThrow(
      /An error occurred \(ResourceNotFoundException\) when calling the GetSecretValue operation/,
    );
    const unknown = { 'command-id': '0'.repeat(36), 'instance-id': 'web-01' };
    await expect(aws('ssm get-command-invocation', unknown)).rejects.toThrow(
      /\(ValidationException\) .*Value 'web-01' at 'instanceId' failed to satisfy constraint/,
    );
  });

  test('and nothing that it asked was unknown', () => {
    expect(lab.cloud.unsupported).toEqual([]);
    expect(lab.cloud.breakdowns).toEqual([]);
  });
});
