/**
 * What AWS Config can see of the rotation, for who has it anyway: the rules of `conformance-pack.yaml`, read from it, so that the
 * stack and the pack cannot differ. They want a recorder that covers secrets and buckets, which is the account's and not ours to make.
 */
import { fileURLToPath } from 'node:url';
import { CfnConfigRule } from 'aws-cdk-lib/aws-config';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { Construct } from 'constructs';
import type { ConfigRuleSettings } from './inventory.ts';

const pack = fileURLToPath(new URL('conformance-pack.yaml', import.meta.url));

export class ConfigRules extends Construct {
  constructor(scope: Construct, id: string, { maxDaysSinceRotation }: ConfigRuleSettings) {
    super(scope, id);
    const included = new CfnInclude(this, 'Pack', {
      templateFile: pack,
      parameters: { MaxDaysSinceRotation: String(maxDaysSinceRotation) },
      preserveLogicalIds: false,
    });
    for (const rule of included.node.findAll()) {
      // A name of its own would keep a second stack, or the pack itself, out of the account.
      if (rule instanceof CfnConfigRule) rule.configRuleName = undefined;
    }
  }
}
