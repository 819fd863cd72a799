/**
 * The CDK application: reads cdk.json and the inventory, makes the one stack, and has it checked.
 *
 * Runs under the CDK's command line and by itself (`node infra/app.ts`). CDK_OUTDIR says where the result goes, and
 * CDK_CONTEXT_JSON overrides the context of cdk.json, for example `{"inventory": "other.json"}`.
 */
import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { isRecord } from './fields.ts';
import { InventoryError, readInventory } from './inventory.ts';
import { packs } from './rules.ts';
import { RotationStack } from './stack.ts';

try {
  // The flags of cdk.json decide what the template looks like; without the command line nobody else would read them.
  const app = new App({ context: contextOf(new URL('../cdk.json', import.meta.url)) });
  const inventory: unknown = app.node.getContext('inventory');
  if (typeof inventory !== 'string')
    throw new TypeError(`The context key "inventory" must be a file name, but is ${JSON.stringify(inventory)}.`);
  new RotationStack(app, 'ZabbixPskRotation', readInventory(inventory));
  Validations.of(app).addPlugins(...packs(app));
  app.synth();
} catch (error) {
  if (!(error instanceof InventoryError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function contextOf(file: URL): Record<string, unknown> {
  const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return isRecord(json) && isRecord(json.context) ? json.context : {};
}
