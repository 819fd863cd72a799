/**
 * A function's log: what every rotation did, line by line, and the record of each.
 */
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export class FunctionLog extends LogGroup {
  constructor(scope: Construct, id: string, key: IKey) {
    super(scope, id, {
      encryptionKey: key,
      // PCI DSS 10.5.1 wants 12 months of audit history; the month more lets a yearly audit be late.
      retention: RetentionDays.THIRTEEN_MONTHS,
    });
  }
}
