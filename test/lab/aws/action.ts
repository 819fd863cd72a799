/** One API action: what it accepts, what the caller must be allowed to do, what it does. A new action is one file and one line in the router. */
import { z } from 'zod';
import { NotImitated } from './aws-error.ts';
import type { Access } from './iam/permissions.ts';
import type { Json } from './json.ts';
import type { Principal } from './principal.ts';
import type { World } from './world.ts';

export interface Call {
  readonly world: World;
  readonly caller: Principal;
}

export interface ActionDefinition<Request> {
  /** `secretsmanager:GetSecretValue`: the service's IAM prefix and the action's name on the wire. */
  readonly name: string;
  /** Strict: a parameter that is not imitated is not ignored. */
  readonly request: z.ZodType<Request>;
  /** Everything the caller needs; the first thing it lacks is what the answer names. */
  readonly needs: (request: Request, call: Call) => readonly Access[];
  readonly answer: (request: Request, call: Call) => Json;
  /** The bodies carry a secret's value by design. */
  readonly carriesSecret?: boolean;
}

export interface Action {
  readonly name: string;
  readonly carriesSecret: boolean;
  readonly handle: (body: Json, call: Call) => Json;
}

export function defineAction<Request>(definition: ActionDefinition<Request>): Action {
  return {
    name: definition.name,
    carriesSecret: definition.carriesSecret ?? false,
    handle(body, call) {
      const parsed = definition.request.safeParse(body);
      if (!parsed.success) {
        throw new NotImitated(`${definition.name}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
      }
      for (const access of definition.needs(parsed.data, call)) call.world.permissions.require(call.caller, access);
      return definition.answer(parsed.data, call);
    },
  };
}
