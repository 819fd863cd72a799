/** A rule of the template: which events it wants, and where they go. */
import type { Json } from '../json.ts';

export interface Rule {
  readonly arn: string;
  readonly name: string;
  readonly logicalId: string;
  readonly enabled: boolean;
  readonly wants: ((event: Json) => boolean) | undefined;
  /** Schedules do not fire by themselves here: `cloud.fire(rule)` does it. */
  readonly schedule: string | undefined;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly id: string;
  readonly arn: string;
  readonly input: Json | undefined;
  readonly inputPath: string | undefined;
  readonly transformer: InputTransformer | undefined;
  readonly deadLetterArn: string | undefined;
}

export interface InputTransformer {
  readonly paths: Readonly<Record<string, string>>;
  readonly template: string;
}
