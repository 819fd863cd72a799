import { globMatches } from '../aws/iam/match.ts';
import type { Deployment } from '../deployment.ts';

/** What lies in the evidence bucket under such names, oldest first. */
export function objectsOf({ cloud }: Deployment, names = /^records\//): readonly string[] {
  return [...cloud.world.buckets.values()].flatMap(({ objects }) =>
    [...objects].flatMap(([name, versions]) => (names.test(name) ? versions.map(({ body }) => body) : [])),
  );
}

export function namesOf({ cloud }: Deployment): readonly string[] {
  return [...cloud.world.buckets.values()].flatMap(({ objects }) => [...objects.keys()]);
}

export function errorsOf({ cloud }: Deployment, called: string): readonly (string | undefined)[] {
  return cloud.invocations
    .filter(({ functionName }) => functionName === called)
    .map(({ error }) => error?.errorMessage);
}

/** Actions and resources that a statement of a role names and no call has needed. */
export function idleParts({ cloud }: Deployment): readonly string[] {
  return [...cloud.world.roles.values()]
    .flatMap(({ statements }) => statements)
    .flatMap(({ source, actions, resources }) => {
      const calls = cloud.allowed.filter(({ by }) =>
        by.some(({ policy, index }) => policy === source.policy && index === source.index),
      );
      const idleActions = actions.filter((pattern) => !calls.some(({ action }) => globMatches(pattern, action)));
      const idleResources = resources.filter(
        (pattern) => !calls.some(({ resource }) => globMatches(pattern, resource)),
      );
      return [...idleActions, ...idleResources].map((part) => `${source.sid}: ${part}`);
    });
}
