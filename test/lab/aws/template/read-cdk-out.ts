/** Reads what `cdk synth` has left in its output folder: the stack's template, and where the bundles lie. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Json, type JsonObject, parseJson } from '../json.ts';

export interface SynthesizedStack {
  readonly name: string;
  readonly template: JsonObject;
  /** Object key in the assets bucket → folder that holds the same files, unpacked. */
  readonly assets: ReadonlyMap<string, string>;
}

const manifestShape = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      displayName: z.string().optional(),
      properties: z
        .object({ templateFile: z.string().optional(), stackName: z.string().optional(), file: z.string().optional() })
        .optional(),
    }),
  ),
});

const assetsShape = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

/** @param stack needed only where the folder holds more than one */
export function readCdkOut(folder: string, stack?: string): SynthesizedStack {
  const { artifacts } = manifestShape.parse(read(join(folder, 'manifest.json')));
  const stacks = Object.entries(artifacts)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([id, { properties }]) => ({ name: properties?.stackName ?? id, file: properties?.templateFile ?? '' }));
  const chosen = stacks.filter(({ name }) => (stack ?? name) === name);
  const [only] = chosen;
  if (only === undefined || chosen.length !== 1) {
    throw new Error(
      `${folder} holds ${stacks.length} stacks (${stacks.map(({ name }) => name).join(', ')}); say which one`,
    );
  }
  const assets = new Map(
    Object.values(artifacts)
      .filter(({ type }) => type === 'cdk:asset-manifest')
      .flatMap(({ properties }) => Object.values(assetsShape.parse(read(join(folder, properties?.file ?? ''))).files))
      .flatMap(({ source, destinations }) =>
        Object.values(destinations).map(({ objectKey }) => [objectKey, join(folder, source.path ?? '')] as const),
      ),
  );
  return { name: only.name, template: z.record(z.string(), z.json()).parse(read(join(folder, only.file))), assets };
}

function read(file: string): Json {
  return parseJson(readFileSync(file, 'utf8'));
}
