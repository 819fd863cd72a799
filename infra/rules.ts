import { AwsSolutionsChecks, type NagPack, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';

/** The rule books that every synthesis is held against; exceptions stand beside what they concern, with their reason. */
export function packs(scope: IConstruct): NagPack[] {
  return [new AwsSolutionsChecks(scope), new ServerlessChecks(scope), new NIST80053R5Checks(scope)];
}
