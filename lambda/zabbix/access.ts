import { minLength, regex, strictObject, string, union } from 'zod/mini';
import { Refusal } from '../errors.ts';
import type { Access } from './session.ts';

const text = string().check(minLength(1));
/** It travels in a header, where a line end that came along with a copy would be an error of another kind. */
const token = string().check(regex(/^[\x21-\x7e]{1,512}$/));
const shape = union([strictObject({ token }), strictObject({ username: text, password: text })]);

/** @throws {Refusal} unless the access secret holds a token, or a user's name and password; its text is never shown */
export function parseAccess(secretString: string): Access {
  try {
    return shape.parse(JSON.parse(secretString));
  } catch {
    throw new Refusal(
      'ZABBIX_ACCESS_MALFORMED',
      'the Zabbix access secret must hold {"token": "…"} or {"username": "…", "password": "…"}; put the API token of the rotation user there, without blanks or line ends (README, "Permissions")',
    );
  }
}
