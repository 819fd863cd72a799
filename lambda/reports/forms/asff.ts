import type { Finding, Report } from '../report-shape.ts';

/** Where the findings go: `arn:aws:securityhub:<region>:<account>:product/<account>/default` is the account's own product. */
export interface SecurityHub {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/**
 * Findings in the AWS Security Finding Format, as BatchImportFindings takes them, 100 a call. The id of a finding never changes, so
 * that the next import updates it. Lengths are those of the format; https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
 */
export function toAsff(report: Report, hub: SecurityHub): string {
  return `${JSON.stringify(report.findings.map((finding) => asffFinding(finding, report, hub)))}\n`;
}

function asffFinding(finding: Finding, { asOf }: Report, { partition, region, account }: SecurityHub) {
  const { id, rule, severity, status, kind, name, title, evidence, remedy, controls, secret } = finding;
  return {
    SchemaVersion: '2018-10-08',
    Id: `zabbix-psk/${id}`,
    ProductArn: `arn:${partition}:securityhub:${region}:${account}:product/${account}/default`,
    GeneratorId: `zabbix-psk/${rule}`,
    AwsAccountId: account,
    Types: ['Software and Configuration Checks/Industry and Regulatory Standards'],
    CreatedAt: asOf,
    UpdatedAt: asOf,
    Severity: { Label: severity.toUpperCase() },
    Title: shortened(`${title}: ${kind} ${name}`, 256),
    Description: shortened(evidence, 1024),
    Remediation: { Recommendation: { Text: shortened(remedy, 512) } },
    ProductFields: { 'zabbix-psk/rule': rule, 'zabbix-psk/kind': kind },
    Resources: [
      {
        Type: 'Other',
        // The name alone could be anything, and an id must be the same each time.
        Id: `zabbix-psk/${kind}/${encodeURIComponent(name.toWellFormed()).slice(0, 480)}`,
        Partition: partition,
        Region: region,
        Details: { Other: { kind, name: shortened(name, 1024), ...(secret === undefined ? {} : { secret }) } },
      },
    ],
    Compliance: { Status: 'FAILED', RelatedRequirements: controls.map((control) => control.replace(':', '/')) },
    Workflow: { Status: status === 'waived' ? 'SUPPRESSED' : 'NEW' },
    RecordState: 'ACTIVE',
  };
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
