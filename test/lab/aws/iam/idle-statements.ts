/** Statements that have allowed nothing: whatever has run so far did not need them. */
import type { World } from '../world.ts';
import type { StatementSource } from './statement.ts';

export function idleStatements(world: World): readonly StatementSource[] {
  const used = new Set(world.records.allowed.flatMap(({ by }) => by.map(key)));
  return [...world.roles.values()]
    .flatMap(({ statements }) => statements)
    .filter(({ effect, source }) => effect === 'Allow' && !used.has(key(source)))
    .map(({ source }) => source);
}

function key({ policy, index }: StatementSource): string {
  return `${policy}[${index}]`;
}
