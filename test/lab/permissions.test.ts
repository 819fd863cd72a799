import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Bucket } from '../../lambda/evidence/s3.ts';
import { reportShape } from '../../lambda/reports/report-shape.ts';
import type { OutsideCall } from './aws/faults.ts';
import { globMatches } from './aws/iam/match.ts';
import { readCdkOut } from './aws/template/read-cdk-out.ts';
import { statementsOf, type TemplateStatement } from './aws/template/statements.ts';
import { type Deployment, type DeploymentOptions, deploy, synthesizeFor } from './deployment.ts';
import type { SmallHost } from './hosts/small-host.ts';
import type { ManagedNode } from './managed-node.ts';
import type { Synthesized } from './synthesize.ts';
import { grantReportAccess } from './zabbix/report-access.ts';
import { startZabbix, type ZabbixLab } from './zabbix/zabbix-lab.ts';

/** What becomes of it when a statement is missing, by what can be seen then. */
const needed = {
  /** The deployment ends with this. */
  atDeployment: {
    'RotatorRole[0]': /role defined for the function cannot be assumed by Lambda/,
    'RepairerRole[0]': /role defined for the function cannot be assumed by Lambda/,
    'ReporterRole[0]': /role defined for the function cannot be assumed by Lambda/,
    'Key[EncryptLogsOfThisStack]': /KMS key does not exist or is not allowed to be used with LogGroup/,
    RotatorFunctionSecretsManager: /Secrets Manager cannot invoke the specified Lambda function/,
  },
  /** A rotation fails. */
  toRotate: [
    'RotatorPolicy[RotateOwnSecrets]',
    'RotatorPolicy[SignInToZabbix]',
    'RotatorPolicy[SecretsAreEncrypted]',
    'RotatorPolicy[SendOwnDocuments]',
    'RotatorPolicy[SendToTaggedNodes]',
    'RotatorPolicy[FollowCommands]',
  ],
  /** A repair from the console fails. */
  toRepair: ['RepairerPolicy[RepairOwnSecrets]', 'RepairerPolicy[SecretsAreEncrypted]'],
  /** A repair cannot ask the node. */
  toInspect: [
    'RepairerPolicy[SendOwnDocuments]',
    'RepairerPolicy[SendToTaggedNodes]',
    'RepairerPolicy[FollowCommands]',
  ],
  /** An unfinished rotation stays unfinished. */
  toFinish: ['RepairerPolicy[SignInToZabbix]'],
  /** The hourly look finds nothing out. */
  toLook: ['RepairerPolicy[FindUnfinished]'],
  /** The repair function is not called by this rule. */
  toCall: {
    FailedRotationsAllowEventRule: 'FailedRotations',
    RepairerRegularlyAllowEventRule: 'RepairerRegularly',
  },
  /** A rotation ends without a record, and the log says so. */
  toRecord: ['RotatorPolicy[NameKeysInRecords]', 'RotatorPolicy[KeepRecords]', 'RotatorPolicy[FindLastRecord]'],
  /** A repair ends without one. */
  toRecordRepairs: [
    'RepairerPolicy[NameKeysInRecords]',
    'RepairerPolicy[KeepRecords]',
    'RepairerPolicy[FindLastRecord]',
  ],
  /** A record does not tell which document exchanged the keys. */
  toDescribe: ['RotatorPolicy[DescribeExchange]', 'RepairerPolicy[DescribeExchange]'],
  /** {"rotate"} from the console is refused. */
  toAsk: ['RotatorPolicy[RotateSecretInvokesItself]'],
  /** There is no report, and this is why; what there is of one has no manifest. */
  toReport: {
    'ReporterPolicy[FindEvidence]': /^S3 says AccessDenied: .* perform: s3:ListBucket/,
    'ReporterPolicy[AddReports]': /^S3 says AccessDenied: .* perform: s3:PutObject/,
    'ReporterPolicy[TellSigningKey]':
      /could not be had \(KMS says AccessDenied.* perform: kms:GetPublicKey .*no report was begun/,
    'SigningKey[AccountAdministers]':
      /could not be had \(KMS says AccessDenied.* perform: kms:GetPublicKey .*no report was begun/,
    'ReporterPolicy[SignReports]': /could not be signed \(KMS says AccessDenied.* perform: kms:Sign .*has no manifest/,
    'SigningKey[ReportFunctionSigns]':
      /could not be signed \(KMS says AccessDenied.* perform: kms:Sign .*has no manifest/,
  },
  /** A report has a hole, and this finding tells of it. */
  toFindOut: {
    'ReporterPolicy[ListSecrets]': 'not-asked secrets',
    'ReporterPolicy[CompareOwnSecrets]': 'not-adopted zabbix-psk/idle',
    'ReporterPolicy[SecretsAreEncrypted]': 'not-adopted zabbix-psk/idle',
    'ReporterPolicy[SignInToZabbix]': 'not-asked hosts of Zabbix',
    'ReporterPolicy[ReadEvidence]': 'not-asked records',
    'ReporterPolicy[SendOwnDocuments]': 'not-inspected idle',
    'ReporterPolicy[SendToTaggedNodes]': 'not-inspected idle',
    'ReporterPolicy[FollowCommands]': 'not-inspected idle',
  },
  /** Nobody makes the report that the schedule asks for. */
  toAskRegularly: ['ReporterRegularlyAllowEventRule'],
  /** Nothing of what the function says is kept. */
  toLog: {
    'RotatorPolicy[WriteOwnLog]': 'rotator',
    'RepairerPolicy[WriteOwnLog]': 'repairer',
    'ReporterPolicy[WriteOwnLog]': 'reporter',
  },
  /** A failed rotation is not told by this way, and still by the other one. */
  toTell: {
    'AlarmsTopicPolicy[1]': 'events.amazonaws.com',
    'Key[3]': 'events.amazonaws.com',
    'AlarmsTopicPolicy[AlarmsMayPublish]': 'cloudwatch.amazonaws.com',
    'Key[AlarmsToEncryptedTopic]': 'cloudwatch.amazonaws.com',
  },
  /** The key obeys the account's policies by either of CDK's: without both no secret can be put. */
  together: ['Key[0]', 'Key[2]'],
} as const;

/** A rotation that fails is not repeated, and no deployment tries rotations: neither is what is looked at here. */
const quick = { habits: { rotationRetries: 0, testRotationAtDeploy: false } } as const satisfies DeploymentOptions;
/** The function cancels what is still Pending long after it should have been given up. */
const late = { habits: { ...quick.habits, undeliveredNoticedMs: 20_000 } } as const satisfies DeploymentOptions;

describe('no statement is idle', () => {
  let zabbix: ZabbixLab | undefined;
  let synthesized: Synthesized | undefined;
  let idle: SmallHost | undefined;
  let reportAccess: { readonly token: string } | undefined;
  let statements: readonly TemplateStatement[] = [];

  beforeAll(async () => {
    zabbix = await startZabbix({ server: { cacheUpdateFrequencyS: 5 } });
    const secrets = ['forward', 'back', 'cut', 'late', 'described', 'away', 'away-too', 'away-report', 'idle'];
    // One host for all that never get as far as changing it.
    [synthesized, idle, reportAccess] = await Promise.all([
      synthesizeFor(zabbix, {
        secrets,
        reports: true,
        reload: { servers: [zabbix.serverNode.instanceId] },
        timeouts: { serverWaitS: 60, agentStartS: 5, proveTimeoutS: 120 },
      }),
      zabbix.host({ name: 'idle', agent: 'zabbix_agentd' }),
      grantReportAccess(zabbix),
    ]);
    statements = statementsOf(readCdkOut(synthesized.cdkOut).template);
  });
  afterAll(async () => {
    await zabbix?.stop();
    await synthesized?.remove();
  });

  /** What a report says of a stack in which a host was adopted and a rotation was refused. */
  async function findingsOf(stack: Deployment): Promise<readonly string[]> {
    await stack.reportSignsInWith(present(reportAccess));
    // A secret that nobody has adopted is refused, and a refusal is a record.
    await stack.rotate('away');
    await stack.adopt('idle', [present(idle)]);
    expect((await stack.report()).error).toBeUndefined();
    const written = objectsOf(stack, /\/report\.json$/).map((body) => reportShape.parse(JSON.parse(body)));
    return written.flatMap(({ findings }) => findings.map(({ rule, name }) => `${rule} ${name}`));
  }

  /** The stack without some of its statements, for as long as `look` takes. */
  async function without(labels: readonly string[], look: (stack: Deployment) => Promise<void>): Promise<void> {
    const removed = labels.map((label) => statement(label));
    // From the last to the first, so that the positions of the others stay.
    const edit: DeploymentOptions['edit'] = (template) =>
      removed.reduceRight((whole, one) => one.without(whole), template);
    const stack = await deploy(present(zabbix), present(synthesized), { ...quick, edit });
    try {
      await look(stack);
      const actions = removed.flatMap((one) => one.actions);
      for (const { action, message } of stack.cloud.denials)
        if (!actions.some((pattern) => globMatches(pattern, action))) throw new Error(`denied as well: ${message}`);
    } finally {
      await stack.close();
    }
  }

  function statement(label: string): TemplateStatement {
    const found = statements.find((one) => one.label === label);
    if (found === undefined) throw new Error(`the template has no statement ${label}`);
    return found;
  }

  test('every statement that allows something has its row here', () => {
    const rows = Object.values(needed).flatMap((some) => (Array.isArray(some) ? some.map(String) : Object.keys(some)));
    const allowing = statements.filter(({ effect }) => effect === 'Allow').map(({ label }) => label);
    expect(allowing.sort()).toEqual(rows.sort());
  });

  describe.concurrent('side by side', () => {
    // The longest first.
    test('with all of them everything works, and each is needed in every part', async () => {
      const stack = await deploy(present(zabbix), present(synthesized), late);
      try {
        await stack.reportSignsInWith(present(reportAccess));
        await exercise(stack, present(zabbix), present(idle));
        expect(stack.cloud.denials).toEqual([]);
        expect(stack.cloud.idleStatements()).toEqual([]);
        expect(idleParts(stack)).toEqual([]);
        expect(stack.cloud.unsupported).toEqual([]);
        expect(stack.cloud.breakdowns).toEqual([]);
      } finally {
        await stack.close();
      }
    });

    test.each(needed.toRotate)('without %s no rotation succeeds', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        const { outcome, failures } = await stack.rotate('idle');
        expect(outcome).toBe('failed');
        expect(failures[0]?.errorMessage).toMatch(/not authorized to perform|may not|not allowed/);
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toAsk)('without %s nobody can ask for a rotation in the console', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        const { error } = await stack.invoke({ rotate: 'zabbix-psk/idle' });
        expect(error?.errorMessage).toMatch(/not authorized to perform: lambda:InvokeFunction/);
      }),
    );

    test.each(needed.toRepair)('without %s no repair succeeds', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        expect((await stack.repair('idle')).error?.errorMessage).toMatch(
          /not authorized to perform|may not|not allowed/,
        );
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toInspect)('without %s a repair cannot ask the node', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        expect((await stack.repair('idle')).error).toBeUndefined();
        expect(stack.facts('idle')).toContainEqual(expect.objectContaining({ event: 'target.notInspected' }));
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toFinish)('without %s an unfinished rotation stays unfinished', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        killRotator(stack, ({ action }) => action === 'secretsmanager:PutSecretValue');
        await stack.rotate('idle');
        expect(errorsOf(stack, stack.repairer)).toEqual([expect.stringMatching(/not authorized to perform/)]);
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(needed.toRecord)('without %s a rotation ends without a record of its own', (label) =>
      without([label], async (stack) => {
        // A secret that nobody has adopted is refused, and that is an end, too.
        expect(await stack.rotate('away')).toMatchObject({ outcome: 'failed' });
        expect(stack.facts('away')).toContainEqual(expect.objectContaining({ event: 'record.notKept' }));
        // The repair, which may, tells that it had not minted a key.
        expect(objectsOf(stack).map((body) => JSON.parse(body))).toMatchObject([{ endedBy: { task: 'repair' } }]);
      }),
    );

    test.each(needed.toRecordRepairs)('without %s a repair ends without a record', (label) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        killRotator(stack, ({ action }) => action === 'secretsmanager:DescribeSecret');
        await stack.rotate('idle');
        expect(errorsOf(stack, stack.repairer)).toEqual([expect.stringMatching(/its record could not be kept/)]);
        expect(objectsOf(stack)).toEqual([]);
      }),
    );

    test('without leave to describe them no record tells which document exchanged the keys', async () => {
      const host = await present(zabbix).host({ name: 'described', agent: 'zabbix_agentd' });
      await without(needed.toDescribe, async (stack) => {
        stack.cloud.addNode(host);
        await stack.adopt('described', [host]);
        expect(await stack.rotate('described')).toMatchObject({ outcome: 'succeeded' });
        killRotator(stack, movesCurrentOf('described'));
        expect(await stack.rotate('described')).toMatchObject({ outcome: 'failed' });
        const kept = objectsOf(stack).map((body) => JSON.parse(body));
        expect(kept).toMatchObject([
          { outcome: 'rotated', document: null, endedBy: { task: 'rotate' } },
          { outcome: 'rotated', document: null, endedBy: { task: 'repair' } },
        ]);
      });
    });

    test.each(needed.toLook)('without %s the hourly look fails', (label) =>
      without([label], async (stack) => {
        await stack.cloud.fire('RepairerRegularly');
        expect(errorsOf(stack, stack.repairer)).toEqual([expect.stringMatching(/not authorized to perform/)]);
      }),
    );

    test.each(Object.entries(needed.toCall))('without %s the repair function is not called by %s', (label, rule) =>
      without([label], async (stack) => {
        // A secret that nobody has adopted fails at once.
        expect(await stack.rotate('away')).toMatchObject({ outcome: 'failed' });
        await stack.cloud.fire('RepairerRegularly');
        const calls = stack.cloud.invocations.filter(({ functionName }) => functionName === stack.repairer);
        const by = calls.map(({ event }) =>
          JSON.stringify(event) === '{"repair":"all"}' ? 'RepairerRegularly' : 'FailedRotations',
        );
        expect(by).toEqual(['FailedRotations', 'RepairerRegularly'].filter((other) => other !== rule));
        expect(stack.cloud.denials.map(({ caller }) => caller)).toEqual(['events.amazonaws.com']);
      }),
    );

    test.each(Object.entries(needed.toReport))('without %s there is no report', (label, says) =>
      without([label], async (stack) => {
        await stack.reportSignsInWith(present(reportAccess));
        expect((await stack.report()).error?.errorMessage).toMatch(says);
        await stack.cloud.settled();
        expect(namesOf(stack).filter((name) => /manifest/.test(name))).toEqual([]);
        expect(stack.cloud.messages.map(({ message }) => message)).toEqual([
          expect.stringContaining('docs/runbook.md#alarm-report-failed'),
        ]);
      }),
    );

    test.each(Object.entries(needed.toFindOut))('without %s a report has the finding %s', (label, finding) =>
      without([label], async (stack) => expect(await findingsOf(stack)).toContain(finding)),
    );

    test('with all of them a report has none of these findings', () =>
      without([], async (stack) => {
        const findings = await findingsOf(stack);
        expect(findings).toContain('never-rotated zabbix-psk/idle');
        expect(Object.values(needed.toFindOut).filter((finding) => findings.includes(finding))).toEqual([]);
        expect(stack.cloud.messages.filter(({ message }) => message.includes('alarm-report-failed'))).toEqual([]);
      }));

    test.each(needed.toAskRegularly)('without %s no report is made by the schedule', (label) =>
      without([label], async ({ cloud }) => {
        await cloud.fire('ReporterRegularly');
        expect(cloud.invocations).toEqual([]);
        expect(cloud.denials.map(({ caller }) => caller)).toEqual(['events.amazonaws.com']);
      }),
    );

    test.each(Object.entries(needed.toLog))('without %s the log of the %s stays empty', (label, which) =>
      without([label], async (stack) => {
        await stack.adopt('idle', [present(idle)]);
        expect((await stack.invoke({ inspect: 'zabbix-psk/idle' })).error).toBeUndefined();
        expect((await stack.repair('idle')).error).toBeUndefined();
        expect((await stack.report()).error).toBeUndefined();
        const kept = new Set(
          stack.cloud.logs.flatMap(({ delivered, functionName }) => (delivered ? [functionName] : [])),
        );
        const functions = (['rotator', 'repairer', 'reporter'] as const).filter((name) => kept.has(stack[name]));
        expect(functions).toEqual(['rotator', 'repairer', 'reporter'].filter((name) => name !== which));
        expect(stack.cloud.denials).not.toEqual([]);
      }),
    );

    test.each(Object.entries(needed.toTell))('without %s no failure is told by %s', (label, service) =>
      without([label], async ({ rotate, cloud }) => {
        // A secret that nobody has adopted fails at once.
        expect(await rotate('away')).toMatchObject({ outcome: 'failed' });
        await cloud.settled();
        const ways = {
          'events.amazonaws.com': /:events:.*:rule\//,
          'cloudwatch.amazonaws.com': /:cloudwatch:.*:alarm:/,
        };
        const told = Object.entries(ways).flatMap(([way, sender]) =>
          cloud.messages.some(({ from }) => sender.test(from)) ? [way] : [],
        );
        expect(told).toEqual(Object.keys(ways).filter((way) => way !== service));
        expect(cloud.denials.map(({ caller }) => caller)).toContain(service);
      }),
    );

    test.each(Object.entries(needed.atDeployment))('without %s nothing is deployed', async (label, error) => {
      await expect(without([label], async () => {})).rejects.toThrow(error);
    });

    test('without both ways in which the key obeys the account nobody can put a secret', async () => {
      await expect(without(needed.together, async () => {})).rejects.toThrow(/Access to KMS is not allowed/);
    });
  });
});

/** Everything that the permissions are for: forward, back, asked for in the console, repaired, and nodes that are away. */
async function exercise(stack: Deployment, zabbix: ZabbixLab, idle: SmallHost): Promise<void> {
  const [forward, back, cut, late] = await Promise.all([
    zabbix.host({ name: 'forward', agent: 'zabbix_agentd' }),
    zabbix.host({ name: 'back', agent: 'zabbix_agentd', instanceId: 'mi-0bbbbbbbbbbbbbbbb' }),
    zabbix.host({ name: 'cut', agent: 'zabbix_agentd' }),
    zabbix.host({ name: 'late', agent: 'zabbix_agentd' }),
  ]);
  const away = awayUntilAskedFor(idle, stack, 'i-0aaaaaaaaaaaaaaaa');
  const awayToo = awayUntilAskedFor(idle, stack, 'mi-0dddddddddddddddd');
  const awayReport = awayUntilAskedFor(idle, stack, 'i-0cccccccccccccccc');
  for (const node of [forward, back, cut, late, away, awayToo, awayReport]) stack.cloud.addNode(node);
  await Promise.all([back.inflict('cannotStartWithNewKey'), cut.inflict('cannotStartWithNewKey')]);
  await Promise.all([
    stack.adopt('forward', [forward]),
    stack.adopt('back', [back]),
    stack.adopt('cut', [cut]),
    stack.adopt('late', [late]),
  ]);
  const { identity, psk } = idle.credential;
  const named = ({ instanceId: node }: ManagedNode) =>
    JSON.stringify({ identity, psk, targets: [{ kind: 'host', name: 'idle', node }] });
  await Promise.all([
    stack.put('away', named(away)),
    stack.put('away-too', named(awayToo)),
    stack.put('away-report', named(awayReport)),
    putWaivers(stack),
  ]);
  killRotator(stack, hasGivenKeyOf('cut'));

  const [asked, rolledBack, unreachable, , , looked] = await Promise.all([
    stack.invoke({ rotate: 'zabbix-psk/forward' }).then(async ({ error }) => {
      expect(error).toBeUndefined();
      return stack.cloud.rotationEnded('zabbix-psk/forward');
    }),
    stack.rotate('back'),
    stack.rotate('away'),
    stack.rotate('cut'),
    stack.rotate('late'),
    stack.repair('away-too'),
    stack.cloud.fire('RepairerRegularly'),
  ]);
  expect(asked).toMatchObject({ outcome: 'succeeded', failures: [] });
  expect(rolledBack.failures[0]?.errorMessage).toMatch(/rolled back: back is proven to be on the old key again/);
  expect(unreachable.failures[0]?.errorMessage).toMatch(/Systems Manager says ConnectionLost/);
  expect(looked.error).toBeUndefined();
  expect(stack.facts('cut')).toContainEqual(
    expect.objectContaining({ event: 'rotation.ended', outcome: 'rolled-back' }),
  );
  await Promise.all([recordTwiceMore(stack), reportTwice(stack)]);
}

/** A second report behind the first, which it reads: one by the schedule, one asked for. */
async function reportTwice(stack: Deployment): Promise<void> {
  await stack.cloud.fire('ReporterRegularly');
  expect(errorsOf(stack, stack.reporter)).toEqual([undefined]);
  expect((await stack.report()).error).toBeUndefined();
  const names = namesOf(stack).map((name) => name.split('/').at(-1));
  for (const file of ['manifest.json', 'manifest.sig', 'signing-key.pem'])
    expect(names.filter((name) => name === file)).toHaveLength(2);
}

/** As somebody of the account who decides what to live with. */
async function putWaivers({ cloud }: Deployment): Promise<void> {
  const [bucket = ''] = cloud.world.buckets.keys();
  const clock = { now: () => ({ ms: Date.now() }), sleep: (ms: number) => setTimeout(ms) };
  const options = { bucket, endpoint: cloud.endpoint, signing: cloud.operator.client, clock };
  expect(await s3Bucket(options).putNew('waivers/2026-01-01.json', '{"waivers": []}')).toBe(true);
}

/** The rotation function's process dies after its first call of this kind. */
function killRotator({ cloud, rotator }: Deployment, isTheCall: (call: OutsideCall) => boolean): void {
  let dead = false;
  cloud.faults.hook = (call) => {
    const { caller } = call;
    if (dead || caller.kind !== 'role' || !caller.functionArn?.endsWith(`:${rotator}`) || !isTheCall(call))
      return undefined;
    dead = true;
    return 'kill-after';
  };
}

/** A second record behind the first, by the repair function, and a third by the rotation function: each reads the one before. */
async function recordTwiceMore(stack: Deployment): Promise<void> {
  killRotator(stack, movesCurrentOf('late'));
  expect(await stack.rotate('late')).toMatchObject({ outcome: 'failed' });
  expect(await stack.rotate('late')).toMatchObject({ outcome: 'succeeded' });
}

/** Zabbix has been given the new key: its pending version is looked at before that and after. */
function hasGivenKeyOf(secret: string): (call: OutsideCall) => boolean {
  let isSent = false;
  let looks = 0;
  return ({ action, request }) => {
    if (action === 'ssm:SendCommand' && request.includes(`"zabbix-psk switch ${secret}"`)) isSent = true;
    if (!isSent || action !== 'secretsmanager:DescribeSecret' || !request.includes(`zabbix-psk/${secret}-`))
      return false;
    looks += 1;
    return looks === 2;
  };
}

/** From here on the new key is AWSCURRENT, and nothing tells so yet. */
function movesCurrentOf(secret: string): (call: OutsideCall) => boolean {
  return ({ action, request }) =>
    action === 'secretsmanager:UpdateSecretVersionStage' &&
    request.includes(`zabbix-psk/${secret}-`) &&
    request.includes('"AWSCURRENT"');
}

/** What lies in the evidence bucket under such names, oldest first. */
function objectsOf({ cloud }: Deployment, names = /^records\//): readonly string[] {
  return [...cloud.world.buckets.values()].flatMap(({ objects }) =>
    [...objects].flatMap(([name, versions]) => (names.test(name) ? versions.map(({ body }) => body) : [])),
  );
}

function namesOf({ cloud }: Deployment): readonly string[] {
  return [...cloud.world.buckets.values()].flatMap(({ objects }) => [...objects.keys()]);
}

function errorsOf({ cloud }: Deployment, called: string): readonly (string | undefined)[] {
  return cloud.invocations
    .filter(({ functionName }) => functionName === called)
    .map(({ error }) => error?.errorMessage);
}

/** The host by another id: takes up no command until Systems Manager was asked why. So one command is given up, and not every one. */
function awayUntilAskedFor(host: SmallHost, { cloud }: Deployment, instanceId: string): ManagedNode {
  return {
    instanceId,
    computerName: host.computerName,
    tags: host.tags,
    get online() {
      return cloud.requests.some(
        ({ action, requestBody }) => action === 'ssm:DescribeInstanceInformation' && requestBody.includes(instanceId),
      );
    },
    start: (script, command) => host.start(script, command),
  };
}

/** Actions and resources that a statement of a role names and no call has needed. */
function idleParts({ cloud }: Deployment): readonly string[] {
  return [...cloud.world.roles.values()]
    .flatMap(({ statements }) => statements)
    .flatMap(({ source, actions, resources }) => {
      const calls = cloud.allowed.filter(({ by }) =>
        by.some(({ policy, index }) => policy === source.policy && index === source.index),
      );
      const idleActions = actions.filter((pattern) => !calls.some(({ action }) => globMatches(pattern, action)));
      const idleResources = resources.filter(
        (pattern) => !calls.some(({ resource }) => globMatches(pattern, resource)),
      );
      return [...idleActions, ...idleResources].map((part) => `${source.sid}: ${part}`);
    });
}

function present<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the lab did not start');
  return thing;
}
