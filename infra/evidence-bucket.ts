/**
 * Where the records of rotations are kept: written once, locked for as long as an auditor may ask for them. The functions add to
 * it; neither they nor a deploy can take anything away.
 */
import { Duration, RemovalPolicy, Stack, Tags, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { evidenceTag, recordsPrefix, reportsPrefix, waiversPrefix } from '../lambda/contract.ts';
import type { Evidence } from './inventory.ts';

export class EvidenceBucket extends Bucket {
  readonly #key: IKey | undefined;

  constructor(scope: Construct, id: string, settings: Evidence, stackKey: IKey) {
    const key = settings.encryption === 'stack-key' ? stackKey : undefined;
    super(scope, id, {
      ...(key === undefined
        ? { encryption: BucketEncryption.S3_MANAGED }
        : { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: retention(settings),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#key = key;
    Tags.of(this).add(evidenceTag.key, evidenceTag.value);
    this.#letNothingBeWrittenOver();
    this.#explainExceptions();
  }

  /** Every right that keeping records takes: neither deleting nor shortening a lock is among them. */
  mayKeepRecords(): PolicyStatement[] {
    const { region } = Stack.of(this);
    return [
      new PolicyStatement({
        sid: 'KeepRecords',
        actions: ['s3:PutObject', 's3:GetObject'], // the next record, the one before it
        resources: [this.arnForObjects(`${recordsPrefix}*`)],
      }),
      new PolicyStatement({
        sid: 'FindLastRecord',
        actions: ['s3:ListBucket'],
        resources: [this.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${recordsPrefix}*` } },
      }),
      ...(this.#key === undefined
        ? []
        : [
            new PolicyStatement({
              sid: 'RecordsAreEncrypted',
              actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
              resources: [this.#key.keyArn],
              conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
            }),
          ]),
    ];
  }

  /** Every right that a report takes: it reads what is there and adds a folder of its own. */
  mayAddReports(): PolicyStatement[] {
    const { region } = Stack.of(this);
    const read = [recordsPrefix, reportsPrefix, waiversPrefix];
    return [
      new PolicyStatement({
        sid: 'ReadEvidence',
        actions: ['s3:GetObject'],
        resources: read.map((prefix) => this.arnForObjects(`${prefix}*`)),
      }),
      new PolicyStatement({
        sid: 'AddReports',
        actions: ['s3:PutObject'],
        resources: [this.arnForObjects(`${reportsPrefix}*`)],
      }),
      new PolicyStatement({
        sid: 'FindEvidence',
        actions: ['s3:ListBucket'],
        resources: [this.bucketArn],
        conditions: { StringLike: { 's3:prefix': read.map((prefix) => `${prefix}*`) } },
      }),
      ...(this.#key === undefined
        ? []
        : [
            new PolicyStatement({
              sid: 'EvidenceIsEncrypted',
              actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
              resources: [this.#key.keyArn],
              conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
            }),
          ]),
    ];
  }

  /** The resources with a wildcard among those rights, as the rule books name them. */
  allOf(): readonly string[] {
    return [recordsPrefix, reportsPrefix, waiversPrefix].map((prefix) =>
      this.allRecords.replace(`/${recordsPrefix}*`, `/${prefix}*`),
    );
  }

  /** The resource with a wildcard among those rights, as the rule books name it. */
  get allRecords(): string {
    const bucket = this.node.defaultChild;
    if (!(bucket instanceof CfnBucket)) throw new TypeError(`${this.node.path} has no AWS::S3::Bucket`);
    return `<${Stack.of(this).getLogicalId(bucket)}.Arn>/${recordsPrefix}*`;
  }

  /**
   * A lock keeps the old version of an object that is written over; this keeps the object itself as it is, whoever writes.
   *
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
   */
  #letNothingBeWrittenOver(): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'RecordsAreWrittenOnce', // and reports
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [recordsPrefix, reportsPrefix].map((prefix) => this.arnForObjects(`${prefix}*`)),
        conditions: { Null: { 's3:if-none-match': 'true' } },
      }),
    );
  }

  #explainExceptions(): void {
    const accessLogs =
      'S3 delivers access logs best effort and to another bucket, which would want a lock and a watcher of its own. What is here cannot be changed by anybody, and tells no key; who must know who read it turns on CloudTrail data events for this bucket, which name the caller.';
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions-S1', reason: accessLogs },
      { id: 'NIST.800.53.R5-S3BucketLoggingEnabled', reason: accessLogs },
      {
        id: 'NIST.800.53.R5-S3BucketReplicationEnabled',
        reason:
          'S3 keeps every object in three buildings. A copy in another Region or account is the auditor’s to decide and can be added from outside; the chain of hashes shows that it is whole.',
      },
    );
    if (this.#key !== undefined) return;
    Validations.of(this).acknowledge({
      id: 'NIST.800.53.R5-S3DefaultEncryptionKMS',
      reason:
        'Records hold no key. Under a KMS key, whoever may delete that key could destroy what Object Lock keeps. With "encryption": "stack-key" in the inventory they are encrypted with the key of the stack all the same.',
    });
  }
}

function retention({ retentionDays, lock }: Evidence): ObjectLockRetention {
  const days = Duration.days(retentionDays);
  return lock === 'compliance' ? ObjectLockRetention.compliance(days) : ObjectLockRetention.governance(days);
}
