import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { aFullInventory, synthesize } from './infra/synthesis.ts';

const root = resolve(import.meta.dirname, '..');
const template = synthesize(aFullInventory);

/** Codes as they are written where an error is made: the first argument of Refusal and TargetFailed, or a class's own `code`. */
function codes(): string[] {
  const found = readdirSync(join(root, 'lambda'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [
      ...readFileSync(join(root, 'lambda', path), 'utf8').matchAll(
        /(?:(?:Refusal|TargetFailed)\(\s*|code(?:: string)? = )'([A-Z_]+)'|: '(UNEXPECTED)'/g,
      ),
    ])
    .map(([, made, fallback]) => made ?? fallback ?? '');
  return [...new Set(found)].sort();
}

/** Articles of the runbook whose ids look like this. */
function articles(ids: RegExp): string[] {
  return [...readFileSync(join(root, 'docs/runbook.md'), 'utf8').matchAll(/<a id="([^"]+)">/g)]
    .map(([, id = '']) => id)
    .filter((id) => ids.test(id))
    .sort();
}

test('every error code has an article in the runbook, and no article is about a code that is gone', () => {
  expect(
    articles(/^[a-z_]+$/)
      .map((id) => id.toUpperCase())
      .sort(),
  ).toEqual(codes());
});

test('every article about a code says what is wrong, what to look at and what to do', () => {
  const rows = readFileSync(join(root, 'docs/runbook.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| <a id='))
    .map((line) => line.split('|').slice(1, -1));
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => !/\w/.test(cell)))).toEqual([]);
});

test('every alarm and every message ends with a link to its article, and no article is about an alarm that is gone', () => {
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties.AlarmDescription,
  );
  const messages = Object.values(template.findResources('AWS::Events::Rule'))
    .flatMap(({ Properties }) => Properties.Targets)
    .flatMap(({ InputTransformer }) => InputTransformer?.InputTemplate ?? []);
  const links = [...alarms, ...messages].map(
    (text) => /docs\/runbook\.md#(alarm-[a-z-]+)\W*$/.exec(JSON.stringify(text))?.[1],
  );
  expect(links.sort()).toEqual(articles(/^alarm-/));
});
