import type { NodeTarget } from './model.ts';

/** Targets by their nodes: an agent and a proxy on one node share a key file, so they change keys together. */
export function byNode<T extends { readonly target: NodeTarget }>(
  all: readonly T[],
): readonly (readonly [T, ...T[]])[] {
  const nodes = new Map<string, [T, ...T[]]>();
  for (const one of all) {
    const mates = nodes.get(one.target.node);
    if (mates === undefined) nodes.set(one.target.node, [one]);
    // The agent leads: it can see for both when the server takes the key.
    else if (one.target.kind === 'host') mates.unshift(one);
    else mates.push(one);
  }
  return [...nodes.values()];
}

/**
 * Nodes in the order in which they change keys: those with a proxy before the others. What a host behind a proxy needs for its proof comes
 * through the proxy.
 */
export function proxiesFirst<T extends { readonly target: NodeTarget }>(
  nodes: readonly (readonly [T, ...T[]])[],
): { readonly proxies: readonly (readonly [T, ...T[]])[]; readonly hosts: readonly (readonly [T, ...T[]])[] } {
  const hasProxy = (mates: readonly T[]) => mates.some(({ target }) => target.kind === 'proxy');
  return { proxies: nodes.filter(hasProxy), hosts: nodes.filter((mates) => !hasProxy(mates)) };
}

/** What is done once on a node, whichever of its targets asks first; every one of them gets what came of it. */
export function oncePerNode<R>(work: (target: NodeTarget) => Promise<R>): (target: NodeTarget) => Promise<R> {
  const begun = new Map<string, Promise<R>>();
  return (target) => {
    const now = begun.get(target.node) ?? work(target);
    begun.set(target.node, now);
    return now;
  };
}
