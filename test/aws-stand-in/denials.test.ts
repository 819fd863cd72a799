/** What the stack denies, by name: each statement refuses a call that would be allowed without it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Cloud, startCloud } from '../lab/aws/cloud.ts';
import { roleSession } from '../lab/aws/principal.ts';
import { route } from '../lab/aws/router.ts';
import { publish } from '../lab/aws/sns/topic.ts';
import { readCdkOut } from '../lab/aws/template/read-cdk-out.ts';
import { statementsOf, type TemplateStatement } from '../lab/aws/template/statements.ts';
import { type Synthesized, synthesize } from '../lab/synthesize.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';

const inventory = {
  zabbix: { url: 'https://zabbix.example.com/api_jsonrpc.php' },
  network: { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] },
  report: { schedule: 'rate(30 days)', sign: true },
  secrets: [{ name: 'web-01', schedule: 'rate(90 days)' }],
};

/** The call that each of them refuses; whether it was allowed. */
const calls: Readonly<Record<string, { readonly byTls: boolean; readonly isAllowed: (cloud: Cloud) => boolean }>> = {
  'EvidencePolicy[0]': { byTls: false, isAllowed: (cloud) => putRecord(cloud, { IfNoneMatch: '*' }) },
  'EvidencePolicy[RecordsAreWrittenOnce]': { byTls: true, isAllowed: (cloud) => putRecord(cloud, {}) },
  'AlarmsTopicPolicy[AllowPublishThroughSSLOnly]': { byTls: false, isAllowed: alarm },
  'RotatorFunctionNotFromCode[CodeMakesNoInterfaces]': { byTls: true, isAllowed: makeInterface('RotatorRole') },
  'RepairerFunctionNotFromCode[CodeMakesNoInterfaces]': { byTls: true, isAllowed: makeInterface('RepairerRole') },
  'ReporterFunctionNotFromCode[CodeMakesNoInterfaces]': { byTls: true, isAllowed: makeInterface('ReporterRole') },
};

describe('no statement that denies something is idle', () => {
  let synthesized: Synthesized | undefined;
  let denying: readonly TemplateStatement[] = [];

  beforeAll(async () => {
    const { path, remove } = await temporaryFolder('zabbix-psk-denials');
    try {
      writeFileSync(join(path, 'inventory.json'), JSON.stringify(inventory));
      synthesized = await synthesize({ inventory: join(path, 'inventory.json') });
    } finally {
      await remove();
    }
    denying = statementsOf(readCdkOut(synthesized.cdkOut).template).filter(({ effect }) => effect === 'Deny');
  });
  afterAll(() => synthesized?.remove());

  test('each has its row here', () => {
    expect(denying.map(({ label }) => label).sort()).toEqual(Object.keys(calls).sort());
  });

  test.each(Object.entries(calls))('%s refuses what is allowed without it', async (label, { byTls, isAllowed }) => {
    const statement = denying.find((one) => one.label === label);
    const allowedIn = async (edit?: TemplateStatement['without']) => {
      const cloud = await startCloud({
        cdkOut: synthesized?.cdkOut ?? '',
        habits: { testRotationAtDeploy: false, callsComeByTls: byTls },
        ...(edit === undefined ? {} : { edit }),
      });
      onTestFinished(() => cloud.close());
      return isAllowed(cloud);
    };
    expect(await allowedIn()).toBe(false);
    expect(await allowedIn(statement?.without)).toBe(true);
  });
});

/** As somebody of the account whom only a policy of the bucket stops. */
function putRecord({ world, operator }: Cloud, more: object): boolean {
  const [Bucket] = world.buckets.keys();
  const body = JSON.stringify({ Bucket, Key: 'records/zabbix-psk/web-01/00000001.json', Body: '{}', ...more });
  const authorization = `AWS4-HMAC-SHA256 Credential=${operator.client.credentials.accessKeyId}/`;
  const answer = route(world, { target: 's3.PutObject', authorization, body });
  // What is let through is refused for its missing checksum.
  return answer.kind === 'answer' && answer.errorCode === 'InvalidRequest';
}

/** As CloudWatch does. */
function alarm({ world }: Cloud): boolean {
  const [topicArn = ''] = world.topics.keys();
  const [sourceArn = ''] = world.alarms.keys();
  const cloudWatch = { kind: 'service', service: 'cloudwatch.amazonaws.com', sourceArn } as const;
  return publish(world, cloudWatch, { topicArn, message: 'something failed' });
}

/** As code that runs in the function. */
function makeInterface(ofRole: string): (cloud: Cloud) => boolean {
  return ({ world, place }) => {
    const role = [...world.roles.values()].find(({ logicalId }) => logicalId.startsWith(ofRole));
    const lambda = [...world.functions.values()].find((one) => one.role === role);
    if (role === undefined || lambda === undefined) throw new Error(`no function has the role ${ofRole}`);
    const code = { ...roleSession(place, role, { name: 'code' }), functionArn: lambda.arn };
    return world.permissions.may(code, { action: 'ec2:CreateNetworkInterface', resource: '*' });
  };
}
