import { readFileSync, rmSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ManagedRuleIdentifiers } from 'aws-cdk-lib/aws-config';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { packs } from '../../infra/rules.ts';
import { aFullInventory, anInventory, synthesize } from './synthesis.ts';

const packFile = 'infra/conformance-pack.yaml';

const ruleShape = z.strictObject({
  ConfigRuleName: z
    .string()
    .regex(/^zabbix-psk-[a-z-]{1,50}$/)
    .optional(),
  Description: z.string().max(256),
  InputParameters: z.record(z.string(), z.unknown()).optional(),
  Scope: z.strictObject({ TagKey: z.string(), TagValue: z.string() }).optional(),
  Source: z.strictObject({ Owner: z.literal('AWS'), SourceIdentifier: z.string() }),
});
type Rule = z.infer<typeof ruleShape>;

const known = new Set<unknown>(Object.values(ManagedRuleIdentifiers));
/** Its trigger is "periodic", and AWS Config refuses a scope for those (List of AWS Config managed rules, November 2026). */
const periodic = 'SECRETSMANAGER_SECRET_PERIODIC_ROTATION';

/** The pack as CloudFormation's own form has it; the CDK reads YAML and refuses properties that a rule does not have. */
function readPack(parameters: Record<string, string> = {}) {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, 'Pack');
  new CfnInclude(stack, 'Include', { templateFile: packFile, parameters });
  const template = Template.fromStack(stack).toJSON();
  rmSync(app.outdir, { recursive: true, force: true });
  return { app, template };
}

function rulesOf(template: unknown): Map<string, Rule> {
  const { Resources } = z
    .object({ Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })) })
    .parse(template);
  const rules = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Config::ConfigRule')
    .map(({ Properties }) => ruleShape.parse(Properties));
  return new Map(rules.map((rule) => [rule.Source.SourceIdentifier, rule]));
}

const full = synthesize(aFullInventory);
const { app, template: pack } = readPack();

test('an inventory that does not ask for them gets no rules', () => {
  expect(rulesOf(synthesize(anInventory).toJSON()).size).toBe(0);
});

test('the stack and the pack have the same rules with the same parameters, scopes and words', () => {
  const unnamed = (rules: Map<string, Rule>) => [...rules.values()].map(({ ConfigRuleName: _, ...rule }) => rule);
  const days = String(aFullInventory.configRules.maxDaysSinceRotation);
  const wanted = rulesOf(readPack({ MaxDaysSinceRotation: days }).template);
  expect(unnamed(rulesOf(full.toJSON()))).toEqual(unnamed(wanted));
  expect(wanted.get(periodic)?.InputParameters).toEqual({ maxDaysSinceRotation: days });
});

test('by default both allow the same days', () => {
  const rules = rulesOf(synthesize({ ...anInventory, configRules: {} }).toJSON());
  expect(rules.get(periodic)?.InputParameters).toEqual({
    maxDaysSinceRotation: pack.Parameters.MaxDaysSinceRotation.Default,
  });
});

test('no rule of the stack has a name of its own', () => {
  for (const { ConfigRuleName } of rulesOf(full.toJSON()).values()) expect(ConfigRuleName).toBeUndefined();
});

describe('the pack', () => {
  test('is one that AWS Config takes: rules only, short enough to be sent as it is, one parameter with a default', () => {
    const text = readFileSync(packFile, 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51_200);
    expect(text.match(/^\w+:/gm)).toEqual(['Parameters:', 'Resources:']);
    const types = Object.values<{ Type: string }>(pack.Resources).map(({ Type }) => Type);
    expect(new Set(types)).toEqual(new Set(['AWS::Config::ConfigRule']));
    // What the CDK adds to a stack of its own is not in the file.
    const { BootstrapVersion: _, ...parameters } = pack.Parameters;
    expect(parameters).toEqual({ MaxDaysSinceRotation: { Type: 'String', Default: '90' } });
    const names = [...rulesOf(pack).values()].map(({ ConfigRuleName }) => ConfigRuleName);
    expect(names).not.toContain(undefined);
    expect(new Set(names).size).toBe(types.length);
  });

  test('names rules that AWS knows', () => {
    expect([...rulesOf(pack).keys()].filter((identifier) => !known.has(identifier))).toEqual([]);
    expect([...rulesOf(pack).keys()]).toEqual(
      expect.arrayContaining([
        periodic,
        'SECRETSMANAGER_ROTATION_ENABLED_CHECK',
        'SECRETSMANAGER_SCHEDULED_ROTATION_SUCCESS_CHECK',
      ]),
    );
  });

  test('the rule books find nothing in it', () => {
    expect(packs(app).flatMap((book) => book.validateScope(app).violations)).toEqual([]);
  });
});

test('every rule but the periodic one looks at what the stack has made, and at nothing else', () => {
  const { Resources } = full.toJSON();
  const tagged = Object.values<{ Type: string; Properties: { Tags?: unknown[] } }>(Resources).flatMap(
    ({ Type, Properties: { Tags = [] } }) => Tags.map((tag) => ({ Type, tag })),
  );
  for (const [identifier, { Scope }] of rulesOf(pack)) {
    if (identifier === periodic) {
      expect(Scope).toBeUndefined();
      continue;
    }
    const Type = identifier.startsWith('S3_') ? 'AWS::S3::Bucket' : 'AWS::SecretsManager::Secret';
    expect(tagged).toContainEqual({ Type, tag: { Key: Scope?.TagKey, Value: Scope?.TagValue } });
  }
  const rotated = tagged.filter(({ Type }) => Type === 'AWS::SecretsManager::Secret');
  expect(rotated).toHaveLength(aFullInventory.secrets.length);
});
