import type { Finding, Report } from '../report-shape.ts';
import { type Control, rules, severities } from '../rules.ts';
import { uuidOf } from '../uuid.ts';

/** https://pages.nist.gov/OSCAL-Reference/models/v1.1.3/assessment-results/json-reference/ */
const oscalVersion = '1.1.3';
/** Of our own properties. A name, not an address: nothing is to be fetched there. */
const ns = 'https://zabbix-psk-rotation.invalid/ns/oscal';

/**
 * OSCAL assessment results: an observation and a risk for each finding, and one OSCAL finding for each control of NIST SP 800-53
 * that is either satisfied or not. Every id comes from content, so that the same report gives the same bytes.
 */
export function toOscal(report: Report): string {
  const { asOf, period, findings } = report;
  const component = { type: 'component', 'subject-uuid': uuidOf('component') };
  const document = {
    'assessment-results': {
      uuid: uuidOf('assessment-results', asOf),
      metadata: {
        title: `Pre-shared keys of Zabbix on ${asOf.slice(0, 10)}`,
        'last-modified': asOf,
        version: asOf,
        'oscal-version': oscalVersion,
      },
      'import-ap': { href: `#${uuidOf('plan')}` },
      results: [
        {
          uuid: uuidOf('result', asOf),
          title: 'Encryption and rotation of keys',
          description: `What Zabbix ${line(report.zabbixVersion)}, Secrets Manager, the nodes and the records said. Every object of Zabbix was looked at.`,
          start: period.from,
          end: asOf,
          'local-definitions': {
            components: [
              {
                uuid: component['subject-uuid'],
                type: 'service',
                title: 'Zabbix',
                description: 'Agents, proxies and server of Zabbix, and the pre-shared keys between them.',
                status: { state: 'operational' },
              },
            ],
          },
          'reviewed-controls': {
            'control-selections': [{ 'include-controls': nistControls.map((id) => ({ 'control-id': id })) }],
          },
          observations: [
            examined(report, component),
            ...findings.map((finding) => observation(finding, asOf, component)),
          ],
          ...(findings.length === 0 ? {} : { risks: findings.map(risk) }),
          findings: nistControls.map((id) => controlFinding(id, findings)),
        },
      ],
      'back-matter': {
        resources: [
          {
            uuid: uuidOf('plan'),
            title: 'Assessment plan',
            description: 'docs/report.md of zabbix-psk-rotation: what is looked at, how, and what counts as a finding.',
          },
        ],
      },
    },
  };
  return `${JSON.stringify(document)}\n`;
}

const nistPrefix = 'NIST-800-53-r5:';

/** `AC-2(1)` is `ac-2.1` in OSCAL's catalog of SP 800-53. */
function oscalId(control: Control | string): string | undefined {
  if (!control.startsWith(nistPrefix)) return undefined;
  return control
    .slice(nistPrefix.length)
    .toLowerCase()
    .replace(/\((\d+)\)$/, '.$1');
}

const nistControls: readonly string[] = [
  ...new Set(Object.values(rules).flatMap(({ controls }) => controls.flatMap((control) => oscalId(control) ?? []))),
].toSorted();

type Subject = { readonly type: string; readonly 'subject-uuid': string };

/** So that a report without a finding says what was looked at all the same. */
function examined({ asOf, summary }: Report, subject: Subject) {
  return {
    uuid: uuidOf('examined', asOf),
    description: `${summary.objects} objects of Zabbix were examined: ${summary.encrypted} encrypted in every direction, ${summary.managed} rotated by this service.`,
    methods: ['EXAMINE'],
    subjects: [subject],
    collected: asOf,
  };
}

function observation({ id, kind, name, rule, title, evidence, side }: Finding, asOf: string, subject: Subject) {
  return {
    uuid: uuidOf('observation', id),
    title: line(title),
    description: line(`${kind} ${name}: ${evidence}`),
    props: [
      { name: 'rule', ns, value: rule },
      { name: 'subject-kind', ns, value: kind },
      { name: 'subject-name', ns, value: value(name) },
      ...(side === undefined ? [] : [{ name: 'side-that-differs', ns, value: side }]),
    ],
    methods: ['EXAMINE'],
    subjects: [subject],
    collected: asOf,
  };
}

function risk({ id, kind, name, title, evidence, remedy, severity, status, waiver }: Finding) {
  return {
    uuid: uuidOf('risk', id),
    title: line(`${title}: ${name}`),
    description: line(`${kind} ${name}: ${evidence}`),
    statement: line(title),
    props: [{ name: 'severity', ns, value: severity }],
    status: status === 'waived' ? 'deviation-approved' : 'open',
    ...(waiver === undefined ? {} : { deadline: `${waiver.expires}T23:59:59Z` }),
    remediations: [
      { uuid: uuidOf('remedy', id), lifecycle: 'recommendation', title: 'Remedy', description: line(remedy) },
      ...(waiver === undefined
        ? []
        : [
            {
              uuid: uuidOf('waiver', id),
              lifecycle: 'planned',
              title: 'Waiver',
              description: line(`${waiver.owner} has waived it until ${waiver.expires}: ${waiver.reason}`),
            },
          ]),
    ],
    'related-observations': [{ 'observation-uuid': uuidOf('observation', id) }],
  };
}

/** A control is satisfied when no open finding speaks to it; what is waived is told as a risk. */
function controlFinding(control: string, findings: readonly Finding[]) {
  const speaking = findings.filter(({ controls }) => controls.some((one) => oscalId(one) === control));
  const open = speaking.filter(({ status }) => status === 'open');
  const worst = severities.find((severity) => open.some((finding) => finding.severity === severity));
  return {
    uuid: uuidOf('control', control),
    title: control.toUpperCase(),
    description:
      open.length === 0
        ? 'No open finding speaks to this control.'
        : `${open.length} open findings, the worst of them ${worst}.`,
    target: {
      type: 'objective-id',
      'target-id': `${control}_obj`,
      status: { state: open.length === 0 ? 'satisfied' : 'not-satisfied' },
    },
    ...(speaking.length === 0
      ? {}
      : {
          'related-observations': speaking.map(({ id }) => ({ 'observation-uuid': uuidOf('observation', id) })),
          'related-risks': speaking.map(({ id }) => ({ 'risk-uuid': uuidOf('risk', id) })),
        }),
  };
}

/** OSCAL's titles and descriptions are Markdown of one or many lines: nothing in a name may be markup there. */
function line(text: string): string {
  return value(text).replace(/[\\`*_{}[\]<>#|!~$^"']/g, String.raw`\$&`);
}

/** A property's value is `^\S(.*\S)?$`: one line without blanks at its ends. What does not fit is written as JSON does. */
function value(text: string): string {
  const plain = text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return /^\S(.*\S)?$/u.test(plain) ? plain : JSON.stringify(plain);
}
