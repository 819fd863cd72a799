/** A command's parameters: checked when it is sent, handed to the script as variables or, by an old agent, as pasted text. */
import { AwsError } from '../aws-error.ts';
import type { CommandDocument } from './document.ts';
import type { KnownNode } from './node.ts';

export type Values = Readonly<Record<string, string>>;

/** @throws {AwsError} InvalidParameters, which repeats the value as AWS does: no parameter may hold anything secret */
export function checkedValues(document: CommandDocument, given: Readonly<Record<string, readonly string[]>>): Values {
  for (const name of Object.keys(given)) {
    if (document.parameters[name] === undefined) throw invalid(`parameter ${name} is not in document ${document.name}`);
  }
  return Object.fromEntries(
    Object.entries(document.parameters).map(
      ([name, { default: fallback, allowedPattern, allowedValues, maxChars }]) => {
        const list = given[name];
        if (list !== undefined && list.length !== 1)
          throw invalid(`parameter ${name} takes one value, not ${list.length}`);
        const value = list?.[0] ?? fallback;
        if (value === undefined) throw invalid(`parameter ${name} has no value and no default`);
        if (allowedPattern !== undefined && !new RegExp(allowedPattern).test(value)) {
          throw invalid(`parameter ${name} with value ${value} does not match allowedPattern ${allowedPattern}`);
        }
        if (allowedValues !== undefined && !allowedValues.includes(value)) {
          throw invalid(`parameter ${name} with value ${value} is not one of ${allowedValues.join(', ')}`);
        }
        if (maxChars !== undefined && value.length > maxChars)
          throw invalid(`parameter ${name} is longer than ${maxChars}`);
        return [name, value];
      },
    ),
  );
}

/** What reaches the node. The script is the lines and a line feed: nothing is added. */
export function scriptFor(
  known: KnownNode,
  document: CommandDocument,
  lines: readonly string[],
  values: Values,
): { readonly script: string; readonly environment: Readonly<Record<string, string>> } {
  const asVariables = (name: string) =>
    known.parametersArriveAs === 'environment' && document.parameters[name]?.interpolationType === 'ENV_VAR';
  const environment = Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => asVariables(name))
      .map(([name, value]) => [`SSM_${name}`, value]),
  );
  // One pass: a value that looks like a reference is not replaced again. Unknown names stay as they are.
  const script = `${lines.join('\n')}\n`.replace(/\{\{\s*([a-zA-Z0-9]+)\s*\}\}/g, (whole, name: string) =>
    asVariables(name) ? whole : (values[name] ?? whole),
  );
  return { script, environment };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameters', message);
}
