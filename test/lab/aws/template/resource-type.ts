/** One resource type of CloudFormation: the properties it may have, and what comes to exist. */
import { z } from 'zod';
import { NotImitated } from '../aws-error.ts';
import type { Json } from '../json.ts';
import type { World } from '../world.ts';
import type { SynthesizedStack } from './read-cdk-out.ts';

export interface Created {
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface Making<Properties> {
  readonly properties: Properties;
  readonly logicalId: string;
  readonly world: World;
  readonly stack: SynthesizedStack;
  /** Runs once everything exists: what a deployment sets off. */
  readonly afterwards: (work: () => void) => void;
}

export interface ResourceType {
  readonly name: string;
  readonly make: (making: Making<Json>) => Created;
}

/** A property that is not named in `shape` is refused, because ignoring it would be a guess. */
export function resourceType<Properties>(
  name: string,
  shape: z.ZodType<Properties>,
  make: (making: Making<Properties>) => Created,
): ResourceType {
  return {
    name,
    make(making) {
      const parsed = shape.safeParse(making.properties);
      if (!parsed.success) {
        throw new NotImitated(`${name} ${making.logicalId}: ${z.prettifyError(parsed.error)}`);
      }
      return make({ ...making, properties: parsed.data });
    },
  };
}

export const tagList = z.array(z.strictObject({ Key: z.string(), Value: z.string() }));
/** CloudFormation takes numbers as texts too. */
export const count = z.coerce.number().int();
/** A policy document: `parsePolicy` looks into it. */
export const policyDocument = z.json();
