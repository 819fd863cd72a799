import { rmSync } from 'node:fs';
import { Validations } from 'aws-cdk-lib';
import type { NagPack } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { describe, expect, test } from 'vitest';
import { packs } from '../../infra/rules.ts';
import { aFullInventory, anInventory, aPatientInventory, build } from './synthesis.ts';

describe.each([
  ['the smallest inventory', anInventory],
  ['an inventory with every setting', aFullInventory],
  ['one whose rotations may wait', aPatientInventory],
])('with %s', (_, inventory) => {
  const { app } = build(inventory);
  rmSync(app.outdir, { recursive: true, force: true });

  test('the rule books find nothing', () => {
    expect(packs(app).flatMap((pack) => findings(pack, app))).toEqual([]);
  });

  test('no exception is idle, and each has a reason', () => {
    const needed = new Set(
      packs(app)
        .flatMap((pack) => findings(deaf(pack), app))
        .map(({ rule }) => rule),
    );
    const exceptions = app.node.findAll().flatMap(acknowledged);

    expect(exceptions.map(({ id }) => id).filter((id) => !needed.has(id))).toEqual([]);
    for (const { reason } of exceptions) expect(reason).toMatch(/^[A-Z].{60,}\.$/);
  });
});

function findings(pack: NagPack, scope: IConstruct): { rule: string; at: string }[] {
  return pack
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => ({ rule: ruleName, at: constructPath ?? '' })),
    );
}

/** The same rules, hearing no acknowledgement. */
function deaf(pack: NagPack): NagPack {
  return Object.defineProperty(pack, 'isAcknowledged', { value: () => false });
}

function acknowledged(construct: IConstruct): { id: string; reason: string }[] {
  return construct.node.metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries(Object(data)))
    .map(([id, reason]) => ({ id: id.replace(/^annotation::/i, ''), reason: String(reason) }));
}
