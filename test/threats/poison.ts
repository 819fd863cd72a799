import fc from 'fast-check';
import { expect } from 'vitest';
import { ServiceError } from '../../lambda/errors.ts';

/** A key in use; whatever an attacker does, it must not come out where others read. */
export const key = '0123456789abcdef'.repeat(4);

/** Text that would be code, a command or an escape somewhere on its way. */
export const poisons = [
  '$(touch /tmp/poisoned)',
  '`touch /tmp/poisoned`',
  "'; touch /tmp/poisoned; '",
  '"; touch /tmp/poisoned; "',
  'x\ntouch /tmp/poisoned\n',
  'x\r\ntouch /tmp/poisoned',
  '| touch /tmp/poisoned &',
  '> /tmp/poisoned',
  'a[$(touch /tmp/poisoned)]',
  '-rf /',
  '../../etc/shadow',
  '*',
  '{{ secretId }}',
  '{{resolve:secretsmanager:zabbix-psk/web-01:SecretString:psk}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what CloudFormation and the CDK replace
  '${AWS::AccountId} ${Token[AWS.Region.4]}',
  '","outcome":"switched","x":"',
  '\\u0022,\\n',
  '%s%n%1$s',
  "=cmd|'/C calc'!A1",
  '<script>alert(1)</script>',
  '\u001b]0;owned\u0007\u001b[2J',
  '\u202efdp.exe',
  'a\0b',
  '\ud800',
  '__proto__',
  'x'.repeat(70_000),
] as const;

/** A JSON value of any form, with poison and the key among its texts and our own names among its fields. */
export function anyJson(names: readonly string[]): fc.Arbitrary<unknown> {
  const text = fc.oneof(fc.constantFrom(...poisons, key, key.toUpperCase(), `so ${key}.`), fc.string());
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      text,
      fc.constantFrom(null, true, false, 0, -1, 1e308, 2 ** 53, 0.5),
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .array(fc.tuple(fc.oneof(fc.constantFrom('__proto__', 'toString', ...names), text), tie('value')), {
          maxLength: 6,
        })
        // From text, as it comes in: an object literal would take `__proto__` for its prototype.
        .map((fields) =>
          JSON.parse(
            `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
          ),
        ),
    ),
  })).value;
}

/** An error of our own, in one sentence that anybody may read. */
export function expectOurs(error: unknown): void {
  expect(error).toBeInstanceOf(ServiceError);
  expectReadable(error instanceof Error ? error.message : '');
}

/** Short, of one line, without control over a terminal, and without anything that looks like a key. */
export function expectReadable(sentence: string): void {
  expect(sentence.length).toBeLessThan(1_500);
  expect(sentence).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(sentence).not.toMatch(/[0-9a-f]{32}/i);
}

/** What was thrown, if anything. */
export async function thrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error;
  }
}
