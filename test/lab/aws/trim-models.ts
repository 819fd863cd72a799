/**
 * Makes models/*.json from botocore's, for the stand-in's own actions and what they reach. See models/ORIGIN.md.
 *
 *     node test/lab/aws/trim-models.ts <folder botocore/data of an unpacked awscli package>
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { actionNames } from './router.ts';

/** Folder of each model in botocore/data: service and API version. */
const sources = {
  secretsmanager: '2017-10-17',
  ssm: '2014-11-06',
  events: '2015-10-07',
  s3: '2006-03-01',
  kms: '2014-11-01',
  lambda: '2015-03-31',
} as const;

const member = z.looseObject({ shape: z.string() });
const shape = z.looseObject({
  members: z.record(z.string(), member).optional(),
  member: member.optional(),
  key: member.optional(),
  value: member.optional(),
});
const model = z.object({
  metadata: z.object({ targetPrefix: z.string().optional() }),
  operations: z.record(z.string(), z.object({ input: member, output: member, errors: z.array(member).default([]) })),
  shapes: z.record(z.string(), shape),
});

const [data] = process.argv.slice(2);
if (data === undefined) throw new Error('Say where botocore/data is.');
for (const [service, version] of Object.entries(sources)) {
  const text = readFileSync(`${data}/${service}/${version}/service-2.json`, 'utf8');
  writeFileSync(fileURLToPath(new URL(`models/${service}.json`, import.meta.url)), trimmed(service, JSON.parse(text)));
}

function trimmed(service: string, whole: unknown): string {
  const { metadata, operations, shapes } = parsed(service, whole);
  const kept = new Map<string, unknown>();
  const keep = (name: string) => {
    const found = shapes[name];
    if (found === undefined) throw new Error(`${service} has no shape ${name}`);
    if (kept.has(name)) return;
    kept.set(name, plain(found));
    const { members = {}, ...parts } = found;
    for (const part of [...Object.values(members), parts.member, parts.key, parts.value])
      if (part !== undefined) keep(part.shape);
  };
  const wanted = Object.entries(operations).map(([name, { input, output, errors }]) => {
    for (const part of [input, output, ...errors]) keep(part.shape);
    return [name, { input: input.shape, output: output.shape, errors: errors.map((error) => error.shape) }] as const;
  });
  return [
    `{"targetPrefix": ${JSON.stringify(metadata.targetPrefix ?? '')},`,
    `"operations": {\n${lines(wanted)}\n},`,
    `"shapes": {\n${lines([...kept].sort(([a], [b]) => (a < b ? -1 : 1)))}\n}}\n`,
  ].join('\n');
}

/** Other operations are not even parsed: some have no output. */
function parsed(service: string, whole: unknown): z.infer<typeof model> {
  const names = actionNames.flatMap((action) => (action.startsWith(`${service}:`) ? [action.split(':')[1] ?? ''] : []));
  const { operations, ...rest } = z.looseObject({ operations: z.record(z.string(), z.unknown()) }).parse(whole);
  return model.parse({ ...rest, operations: Object.fromEntries(names.map((name) => [name, operations[name]])) });
}

/** Without documentation, and without what only clients need. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const idle = ['documentation', 'box', 'idempotencyToken', 'contextParam', 'deprecated', 'deprecatedMessage'];
  // A member may be called "documentation" itself; then it is an object with a shape.
  const kept = Object.entries(value).filter(([key, part]) => !idle.includes(key) || typeof part?.shape === 'string');
  return Object.fromEntries(kept.map(([key, part]) => [key, plain(part)]));
}

/** One line each, so that a newer model shows what has changed. */
function lines(entries: readonly (readonly [string, unknown])[]): string {
  return entries.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n');
}
