import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRecord } from '../../infra/fields.ts';
import { type ParameterName, parameters, type Verb, verbParameters, verbs } from '../../lambda/contract.ts';
import { aPreparedNode, untouched } from '../documents/prepared-node.ts';
import {
  fingerprint,
  inSeconds,
  instanceId,
  namespacesWork,
  newKey,
  oldKey,
  secretId,
  versionId,
} from '../documents/throw-away-node.ts';
import { synthesize } from '../infra/synthesis.ts';
import { poisons } from './poison.ts';

const documents = synthesize().findResources('AWS::SSM::Document');
const names = [...new Set(verbs.flatMap((verb): readonly ParameterName[] => verbParameters[verb]))];

/** The script of a document, as CloudFormation gets it. */
function scriptOf(verb: Verb): readonly string[] {
  const [, document] = Object.entries(documents).find(([id]) => id.startsWith(`Documents${verb}`)) ?? [];
  return document?.Properties.Content.mainSteps[0].inputs.runCommand ?? [];
}

/** What an SSM agent that knows no environment variables does: paste the values, as text, wherever their names stand. */
function pasted(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (found, name: string) => values[name]?.replaceAll('$$', '$') ?? found);
}

test('no poison passes the pattern of any parameter', () => {
  // A word of plain letters is a name like any other.
  const all = poisons.filter((poison) => poison !== '__proto__');
  for (const name of names) {
    for (const poison of all) expect(poison).not.toMatch(new RegExp(parameters[name].allowedPattern));
  }
});

test.each(names)('whatever passes the pattern of %s comes out of the pasted script as it went in', (name) => {
  const [line] = verbs.flatMap(scriptOf).filter((one) => one.includes(`{{ ${name} }}`));
  const values = fc.sample(fc.stringMatching(new RegExp(parameters[name].allowedPattern)), 100);
  const script = values.map(
    (value) => `unset SSM_${name}\n${pasted(line ?? '', { [name]: value })}\nprintf '%s\\n' "$SSM_${name}"`,
  );
  expect(line).toBeDefined();
  expect(execFileSync('sh', { input: script.join('\n'), encoding: 'utf8' })).toBe(
    values.map((value) => `${value}\n`).join(''),
  );
});

describe.skipIf(!namespacesWork())('on a node', { concurrent: true }, () => {
  const good: Readonly<Record<ParameterName, () => string>> = {
    secretId: () => secretId,
    versionId: () => versionId,
    config: () => 'auto',
    proxyConfig: () => 'none',
    currentFingerprint: () => fingerprint(oldKey),
    fingerprint: () => fingerprint(newKey),
    firstEncryption: () => 'no',
    identity: () => 'web-01.new',
    sealedKey: () => 'A'.repeat(512),
    gate: () => 'now',
    notAfter: () => inSeconds(60),
    serverWaitS: () => '1',
    agentStartS: () => '1',
    probeEveryS: () => '1',
    daemon: () => 'zabbix_server',
    proxies: () => 'none',
  };
  /** Commands to whoever takes them for code, in every kind of quotes; as arithmetic; as lines of their own. */
  const commands = poisons.filter((poison) => poison.includes('touch'));
  const tried = [commands.join(' '), 'a[$(touch /tmp/poisoned)]', 'x\ntouch /tmp/poisoned'];

  test.each(verbs)(
    '%s takes no poison for code, even if nobody had looked at its patterns',
    async (verb) => {
      const world = await aPreparedNode();
      for (const name of verbParameters[verb]) {
        for (const poison of tried) {
          const values = Object.fromEntries(verbParameters[verb].map((one) => [one, good[one]()]));
          const { exitCode, reply, stderr } = await world.node.run(verb, { ...values, [name]: poison });
          expect({ name, poison, exitCode }).toEqual({ name, poison, exitCode: 10 });
          expect(reply).toMatchObject({ outcome: 'refused' });
          expect(stderr).toBe('');
        }
      }
      expect(world.node.has('/tmp/poisoned')).toBe(false);
      untouched(world.node);
    },
    120_000,
  );

  test('the whole script works with its values pasted in', async () => {
    const { node } = await aPreparedNode();
    const values = {
      ...{ secretId, versionId, config: '/etc/zabbix/zabbix_agentd.conf' },
      ...{ proxyConfig: 'none', firstEncryption: 'no' },
    };
    node.write('/run/pasted.sh', pasted(scriptOf('inspect').join('\n'), values), 0o700);
    const printed = node.sh(`env -i PATH="$PATH" AWS_SSM_INSTANCE_ID=${instanceId} sh -c /run/pasted.sh`);
    const reply: unknown = JSON.parse(printed);
    expect(isRecord(reply) && reply).toMatchObject({
      outcome: 'inspected',
      ...{ secretId, versionId },
      config: values.config,
    });
  });
});
