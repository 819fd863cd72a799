/** What is rotated, and when. */
import { type Door, doors } from '../../lambda/contract.ts';
import { Fields, isRecord } from '../fields.ts';
import { scheduleProblems, windowProblems } from '../schedule.ts';

export interface SecretEntry {
  /** What follows `zabbix-psk/` in the secret's name. */
  readonly name: string;
  /** `cron(0 3 1 * ? *)` or `rate(30 days)`, in UTC. */
  readonly schedule: string;
  /** Hours that Secrets Manager may use to begin and to try again, `4h`. Absent: until the UTC day ends. */
  readonly window?: string;
  /** What its targets take with their first key. Absent: those that have none, unencrypted or with certificates, are refused. */
  readonly firstEncryption?: Door;
}

/** A stack holds 500 resources, a secret with its schedule takes two, everything else fewer than 60. */
const mostSecrets = 200;

export function secrets(list: readonly unknown[], problems: string[]): SecretEntry[] {
  const entries = list.map((item, index) => secretEntry(item, `secrets[${index}]`, problems));
  const names = entries.map(({ name }) => name).filter((name) => name !== '');
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    problems.push(
      `secrets: the name "${name}" occurs ${names.filter((n) => n === name).length} times; keep one of them.`,
    );
  }
  if (list.length > mostSecrets) {
    problems.push(
      `secrets: ${list.length} entries, but a stack has room for ${mostSecrets}; let several targets share a secret, or deploy the rest in another account or Region.`,
    );
  }
  return entries;
}

function secretEntry(item: unknown, place: string, problems: string[]): SecretEntry {
  const label = isRecord(item) && typeof item.name === 'string' ? `${place} "${item.name}"` : place;
  const fields = new Fields(label, item, problems);
  const name = fields.text('name', nameProblem);
  const schedule = fields.text('schedule', (value) => scheduleProblems(value)[0]);
  const window = fields.optionalText('window', (value) => windowProblems(value, schedule)[0]);
  const asked = fields.optionalText('firstEncryption', firstEncryptionProblem);
  const firstEncryption = doors.find((door) => door === asked);
  fields.refuseOthers();
  return {
    name,
    schedule,
    ...(window === undefined ? {} : { window }),
    ...(firstEncryption === undefined ? {} : { firstEncryption }),
  };
}

function firstEncryptionProblem(value: string): string | undefined {
  if (doors.some((door) => door === value)) return undefined;
  return 'must be "only-psk", or "unencrypted-too" to leave unencrypted connections open; remove the line and nothing is encrypted for the first time.';
}

function nameProblem(name: string): string | undefined {
  if (name.startsWith('zabbix-psk/'))
    return 'must not begin with zabbix-psk/, which is put before every name; leave it out.';
  if (name.length > 200) return `is ${name.length} characters long; shorten it to at most 200.`;
  if (!/^[A-Za-z0-9/_+=.@-]+$/.test(name)) {
    return 'may hold only letters, digits and / _ + = . @ -, which is what Secrets Manager allows; rename it.';
  }
  if (/^\/|\/$|\/\//.test(name)) return 'must not begin or end with / nor hold //; remove the empty part.';
  return undefined;
}
