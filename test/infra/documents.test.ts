import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parts } from '../../infra/documents/linux/parts.ts';
import {
  documentStep,
  type ParameterName,
  parameters,
  type Verb,
  verbParameters,
  verbs,
} from '../../lambda/contract.ts';
import { anInventory, aPatientInventory, synthesize } from './synthesis.ts';

const timeouts = { serverWaitS: 200, agentStartS: 40, proveTimeoutS: 60 };
const template = synthesize({
  zabbix: { url: 'https://zabbix.example.com/api_jsonrpc.php' },
  timeouts,
  secrets: [],
});
const resources = template.findResources('AWS::SSM::Document');

describe.each(verbs)('the document %s', (verb) => {
  const [id = ''] = Object.keys(resources).filter((logicalId) => logicalId.startsWith(`Documents${verb}`));
  const properties = resources[id]?.Properties;
  const content = properties?.Content;
  const [step, ...moreSteps] = content?.mainSteps ?? [];
  const script: string[] = step?.inputs?.runCommand ?? [];

  test('is a command of one step for Linux that can be changed in place', () => {
    expect(properties).toMatchObject({ DocumentType: 'Command', UpdateMethod: 'NewVersion' });
    expect(properties).not.toHaveProperty('Name');
    expect(content.schemaVersion).toBe('2.2');
    expect(moreSteps).toEqual([]);
    expect(step).toMatchObject({
      action: 'aws:runShellScript',
      name: documentStep,
      precondition: { StringEquals: ['platformType', 'Linux'] },
    });
  });

  test('takes the parameters of the contract, as environment variables, each with an anchored pattern', () => {
    expect(Object.keys(content.parameters)).toEqual(verbParameters[verb]);
    for (const [name, parameter] of Object.entries(content.parameters)) {
      expect(name).toMatch(/^[A-Za-z0-9]+$/);
      expect(parameter).toMatchObject({
        type: 'String',
        interpolationType: 'ENV_VAR',
        allowedPattern: expect.stringMatching(/^\^.*\$$/),
      });
    }
  });

  test('puts every variable in place for agents that paste text, before the script begins', () => {
    const fallbacks = verbParameters[verb].map(
      (name) => `if [ -z "\${SSM_${name}+x}" ]; then SSM_${name}='{{ ${name} }}'; export SSM_${name}; fi`,
    );
    expect(script.slice(0, fallbacks.length)).toEqual(fallbacks);
    // Anywhere else the agent would paste into code.
    expect(script.slice(fallbacks.length).join('\n')).not.toMatch(/\{\{/);
  });

  test('loses nothing but comments on its way into the document', () => {
    // A comment's line inside a here-document would be text, not a comment.
    const heredocs = parts[verb].flatMap((file) =>
      [
        ...readFileSync(`infra/documents/linux/${file}`, 'utf8').matchAll(
          /<<-?\s*['"]?(\w+)['"]?[^\n]*\n([\s\S]*?)\n\s*\1\b/g,
        ),
      ].map(([, , body]) => body),
    );
    for (const body of heredocs) expect(body).not.toMatch(/^\s*(#|$)/m);

    const { status, stderr } = spawnSync('sh', ['-n'], { input: script.join('\n'), encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test('is smaller than 62 kB; Systems Manager takes 64 KiB', () => {
    const bytes = Buffer.byteLength(JSON.stringify(content));
    expect(bytes).toBeGreaterThan(500);
    expect(bytes).toBeLessThan(62_000);
  });

  test('may run longer than everything it waits for', () => {
    const waits = verb === 'switch' || verb === 'restore' ? timeouts.serverWaitS + 2 * timeouts.agentStartS : 0;
    expect(Number(step.inputs.timeoutSeconds)).toBeGreaterThanOrEqual(waits + 60);
    // Outside 5 to 172800 the agent takes an hour instead.
    expect(Number(step.inputs.timeoutSeconds)).toBeLessThan(900);
  });
});

test('a node may wait for a passive proxy longer than its rotation does, where that is waited for', () => {
  const timeout = (verb: Verb, inventory: unknown) =>
    Number(
      Object.entries(synthesize(inventory).findResources('AWS::SSM::Document')).find(([id]) =>
        id.startsWith(`Documents${verb}`),
      )?.[1].Properties.Content.mainSteps[0].inputs.timeoutSeconds,
    );
  for (const verb of ['switch', 'restore'] as const)
    expect(timeout(verb, aPatientInventory)).toBe(3_600 + 60 + 900 + 2 * 20 + 60);
  expect(timeout('prepare', aPatientInventory)).toBe(timeout('prepare', anInventory));
});

describe.each(names())('the pattern of %s', (name) => {
  const pattern = new RegExp(parameters[name].allowedPattern);
  const good = {
    secretId: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/remote-site/a_b+c=d.e@f-AbCdEf',
    versionId: 'requested-0f7a5c9e-6c1b-4f0e-9a55-3f1c1f2b7d10',
    config: '/etc/zabbix/zabbix_agent2.conf',
    proxyConfig: '/etc/zabbix/zabbix_proxy.conf',
    currentFingerprint: '0123456789ab',
    fingerprint: '0123456789ab',
    firstEncryption: 'unencrypted-too',
    identity: 'web-01.k7q2x9',
    sealedKey: `${'A'.repeat(511)}=`,
    gate: 'shadow-agent',
    notAfter: '1795392000',
    serverWaitS: '120',
    agentStartS: '30',
    probeEveryS: '5',
    daemon: 'zabbix_server',
    proxies: 'named:edge,site-2',
  }[name];

  test('accepts what the function sends', () => {
    expect(good).toMatch(pattern);
  });

  test('refuses every character that would be code where an old agent pastes it', () => {
    for (const evil of [
      "'",
      '"',
      '$',
      '`',
      '\n',
      '\r',
      ' ',
      '\\',
      ';',
      '{',
      '}',
      '\0',
      '&',
      '|',
      '<',
      '>',
      '(',
      ')',
      '#',
      '*',
      '~',
      '!',
    ]) {
      for (const value of [`${good}${evil}`, `${evil}${good}`, `${good.slice(0, 3)}${evil}${good.slice(4)}`]) {
        expect(value).not.toMatch(pattern);
      }
    }
  });
});

function names(): ParameterName[] {
  return [...new Set(verbs.flatMap((verb): readonly ParameterName[] => verbParameters[verb]))];
}
