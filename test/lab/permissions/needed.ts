/** What becomes of it when a statement is missing, by what can be seen then. */
export const needed = {
  /** The deployment ends with this. */
  atDeployment: {
    'RotatorRole[0]': /role defined for the function cannot be assumed by Lambda/,
    'RepairerRole[0]': /role defined for the function cannot be assumed by Lambda/,
    'ReporterRole[0]': /role defined for the function cannot be assumed by Lambda/,
    'Key[EncryptLogsOfThisStack]': /KMS key does not exist or is not allowed to be used with LogGroup/,
    RotatorFunctionSecretsManager: /Secrets Manager cannot invoke the specified Lambda function/,
  },
  /** A rotation fails. */
  toRotate: [
    'RotatorPolicy[RotateOwnSecrets]',
    'RotatorPolicy[SignInToZabbix]',
    'RotatorPolicy[SecretsAreEncrypted]',
    'RotatorPolicy[SendOwnDocuments]',
    'RotatorPolicy[SendToTaggedNodes]',
    'RotatorPolicy[FollowCommands]',
  ],
  /** A repair from the console fails. */
  toRepair: ['RepairerPolicy[RepairOwnSecrets]', 'RepairerPolicy[SecretsAreEncrypted]'],
  /** A repair cannot ask the node. */
  toInspect: [
    'RepairerPolicy[SendOwnDocuments]',
    'RepairerPolicy[SendToTaggedNodes]',
    'RepairerPolicy[FollowCommands]',
  ],
  /** An unfinished rotation stays unfinished. */
  toFinish: ['RepairerPolicy[SignInToZabbix]'],
  /** The hourly look finds nothing out. */
  toLook: ['RepairerPolicy[FindUnfinished]'],
  /** The repair function is not called by this rule. */
  toCall: {
    FailedRotationsAllowEventRule: 'FailedRotations',
    RepairerRegularlyAllowEventRule: 'RepairerRegularly',
  },
  /** A rotation ends without a record, and the log says so. */
  toRecord: ['RotatorPolicy[NameKeysInRecords]', 'RotatorPolicy[KeepRecords]', 'RotatorPolicy[FindLastRecord]'],
  /** A repair ends without one. */
  toRecordRepairs: [
    'RepairerPolicy[NameKeysInRecords]',
    'RepairerPolicy[KeepRecords]',
    'RepairerPolicy[FindLastRecord]',
  ],
  /** A record does not tell which document exchanged the keys. */
  toDescribe: ['RotatorPolicy[DescribeExchange]', 'RepairerPolicy[DescribeExchange]'],
  /** {"rotate"} from the console is refused. */
  toAsk: ['RotatorPolicy[RotateSecretInvokesItself]'],
  /** There is no report, and this is why; what there is of one has no manifest. */
  toReport: {
    'ReporterPolicy[FindEvidence]': /^S3 says AccessDenied: .* perform: s3:ListBucket/,
    'ReporterPolicy[AddReports]': /^S3 says AccessDenied: .* perform: s3:PutObject/,
    'ReporterPolicy[TellSigningKey]':
      /could not be had \(KMS says AccessDenied.* perform: kms:GetPublicKey .*no report was begun/,
    'SigningKey[AccountAdministers]':
      /could not be had \(KMS says AccessDenied.* perform: kms:GetPublicKey .*no report was begun/,
    'ReporterPolicy[SignReports]': /could not be signed \(KMS says AccessDenied.* perform: kms:Sign .*has no manifest/,
    'SigningKey[ReportFunctionSigns]':
      /could not be signed \(KMS says AccessDenied.* perform: kms:Sign .*has no manifest/,
  },
  /** A report has a hole, and this finding tells of it. */
  toFindOut: {
    'ReporterPolicy[ListSecrets]': 'not-asked secrets',
    'ReporterPolicy[CompareOwnSecrets]': 'not-adopted zabbix-psk/idle',
    'ReporterPolicy[SecretsAreEncrypted]': 'not-adopted zabbix-psk/idle',
    'ReporterPolicy[SignInToZabbix]': 'not-asked hosts of Zabbix',
    'ReporterPolicy[ReadEvidence]': 'not-asked records',
    'ReporterPolicy[SendOwnDocuments]': 'not-inspected idle',
    'ReporterPolicy[SendToTaggedNodes]': 'not-inspected idle',
    'ReporterPolicy[FollowCommands]': 'not-inspected idle',
  },
  /** Nobody makes the report that the schedule asks for. */
  toAskRegularly: ['ReporterRegularlyAllowEventRule'],
  /** Nothing of what the function says is kept. */
  toLog: {
    'RotatorPolicy[WriteOwnLog]': 'rotator',
    'RepairerPolicy[WriteOwnLog]': 'repairer',
    'ReporterPolicy[WriteOwnLog]': 'reporter',
  },
  /** A failed rotation is not told by this way, and still by the other one. */
  toTell: {
    'AlarmsTopicPolicy[1]': 'events.amazonaws.com',
    'Key[3]': 'events.amazonaws.com',
    'AlarmsTopicPolicy[AlarmsMayPublish]': 'cloudwatch.amazonaws.com',
    'Key[AlarmsToEncryptedTopic]': 'cloudwatch.amazonaws.com',
  },
  /** The key obeys the account's policies by either of CDK's: without both no secret can be put. */
  together: ['Key[0]', 'Key[2]'],
} as const;

/** What options of the inventory add: hosts behind passive proxies of 6.0, and evidence under the key of the stack. AWS Config's rules add none. */
export const neededByOptions = {
  /** A rotation ends without a record, and the log says so. */
  toRecord: ['RotatorPolicy[RecordsAreEncrypted]'],
  /** A repair ends without one. */
  toRecordRepairs: ['RepairerPolicy[RecordsAreEncrypted]'],
  /** There is no report. */
  toReport: ['ReporterPolicy[EvidenceIsEncrypted]'],
  /** Nobody looks after rotations that wait. */
  toLookAtWaiting: ['RepairerWaitingAllowEventRule'],
} as const;

/** Where rotations may wait their failures are told by the alarm alone. */
export const goneByOptions: readonly string[] = ['AlarmsTopicPolicy[1]', 'Key[3]'];

/** Every statement that has a row, in order. */
export function labelsIn(rows: Readonly<Record<string, readonly string[] | object>>): readonly string[] {
  return Object.values(rows)
    .flatMap((some) => (Array.isArray(some) ? some.map(String) : Object.keys(some)))
    .sort();
}
