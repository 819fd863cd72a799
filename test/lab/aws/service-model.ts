/** The official description of a service, as far as the stand-in goes: what an operation takes, answers and refuses with. See models/ORIGIN.md. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const member = z.object({
  shape: z.string(),
  /** Where it travels, in a service that speaks REST. */
  location: z.enum(['uri', 'querystring', 'header', 'headers', 'statusCode']).optional(),
  locationName: z.string().optional(),
});
const constraints = {
  min: z.number().optional(),
  max: z.number().optional(),
  pattern: z.string().optional(),
  sensitive: z.boolean().optional(),
};

const shape = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('structure'),
    required: z.array(z.string()).optional(),
    members: z.record(z.string(), member),
    exception: z.boolean().optional(),
    /** The service's own failure, not the caller's. */
    fault: z.boolean().optional(),
  }),
  z.object({ type: z.literal('list'), member, ...constraints }),
  z.object({ type: z.literal('map'), key: member, value: member, ...constraints }),
  z.object({ type: z.literal('string'), enum: z.array(z.string()).optional(), ...constraints }),
  z.object({ type: z.enum(['integer', 'long']), ...constraints }),
  z.object({ type: z.literal('blob'), ...constraints }),
  z.object({ type: z.enum(['boolean', 'timestamp']) }),
]);

const operation = z.object({ input: z.string(), output: z.string(), errors: z.array(z.string()) });

export const serviceModel = z.object({
  /** What the `X-Amz-Target` header begins with; empty: the service speaks REST. */
  targetPrefix: z.string(),
  operations: z.record(z.string(), operation),
  shapes: z.record(z.string(), shape),
});

export type ServiceModel = z.infer<typeof serviceModel>;
export type Shape = z.infer<typeof shape>;
export type Constraints = Pick<Extract<Shape, { type: 'blob' }>, 'min' | 'max' | 'pattern' | 'sensitive'>;
export type Member = z.infer<typeof member>;
export type Operation = z.infer<typeof operation>;

/**
 * Shapes whose pattern is not applied. StringDateTime occurs in the answer of GetCommandInvocation only and allows no
 * milliseconds, which the stand-in's answers carry; we take AWS' own to carry them too, and nobody here reads these fields.
 */
const patternIsIgnored: readonly string[] = ['StringDateTime'];

/** IAM's name of a service, as in `ssm:SendCommand` → its model. */
export const models: Readonly<Record<string, ServiceModel>> = {
  secretsmanager: read('secretsmanager'),
  ssm: read('ssm'),
  events: read('events'),
  s3: read('s3'),
  kms: read('kms'),
  lambda: read('lambda'),
};

/** @throws {Error} when the model was trimmed without this action: run trim-models.ts again */
export function operationOf(action: string): { readonly model: ServiceModel; readonly operation: Operation } {
  const [service = '', name = ''] = action.split(':');
  const model = models[service];
  const found = model?.operations[name];
  if (model === undefined || found === undefined) throw new Error(`${action} is not in test/lab/aws/models`);
  return { model, operation: found };
}

export function shapeOf({ shapes }: ServiceModel, name: string): Shape {
  const found = shapes[name];
  if (found === undefined) throw new Error(`shape ${name} is not in test/lab/aws/models`);
  return found;
}

function read(service: string): ServiceModel {
  const text = readFileSync(new URL(`models/${service}.json`, import.meta.url), 'utf8');
  const model = serviceModel.parse(JSON.parse(text));
  for (const name of patternIsIgnored) {
    const shape = model.shapes[name];
    if (shape?.type === 'string') delete shape.pattern;
  }
  return model;
}
