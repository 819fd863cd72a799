import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentKeys, verbs } from '../../lambda/contract.ts';
import { aFullInventory } from './synthesis.ts';

const mostBundleBytes = 450_000;

const folder = mkdtempSync(join(tmpdir(), 'zabbix-psk-app-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the lab and the CDK's command line start it. */
function run(inventory: unknown, out: string) {
  const file = join(folder, `${out}.json`);
  writeFileSync(file, JSON.stringify(inventory));
  return spawnSync(process.execPath, ['infra/app.ts'], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      CDK_OUTDIR: join(folder, out),
      CDK_CONTEXT_JSON: JSON.stringify({ inventory: file }),
    },
  });
}

describe('the application, run by itself with another inventory and folder', { timeout: 60_000 }, () => {
  let template: { Resources: Record<string, { Type: string; Properties: Record<string, unknown> }> };
  let assets: string[];

  beforeAll(() => {
    const { status, stderr } = run(aFullInventory, 'out');
    expect(status, stderr).toBe(0);
    template = JSON.parse(readFileSync(join(folder, 'out/ZabbixPskRotation.template.json'), 'utf8'));
    const manifest = JSON.parse(readFileSync(join(folder, 'out/ZabbixPskRotation.assets.json'), 'utf8'));
    assets = Object.values<{ source: { path: string } }>(manifest.files).map(({ source }) => source.path);
  }, 60_000);

  const functions = () =>
    Object.values(template.Resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(({ Properties }) => Properties);

  test('makes three functions of Node 24 on arm64 that may take 15 minutes and reserve no concurrency', () => {
    const either = {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 900,
      MemorySize: 512,
      Handler: 'index.handler',
      VpcConfig: {
        SubnetIds: aFullInventory.network.subnetIds,
        SecurityGroupIds: aFullInventory.network.securityGroupIds,
      },
    };
    expect(functions()).toMatchObject([either, either, either]);
    for (const one of functions()) expect(one).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test('hands every function every key of the contract, and nothing secret; the report signs in to Zabbix by itself, and signs', () => {
    const [rotator, repairer, reporter] = functions().map(({ Environment }) => Object(Environment).Variables);
    expect(repairer).toEqual(rotator);
    expect(reporter).toEqual({
      ...rotator,
      [environmentKeys.zabbixAccessSecret]: { Ref: expect.stringMatching(/^ReportAccess/) },
      [environmentKeys.signingKey]: { 'Fn::GetAtt': [expect.stringMatching(/^SigningKey/), 'Arn'] },
    });
    expect(functions()[0]?.Environment).toMatchObject({
      Variables: {
        ...Object.fromEntries(verbs.map((verb) => [`DOCUMENT_${verb.toUpperCase()}`, { Ref: expect.any(String) }])),
        [environmentKeys.zabbixUrl]: aFullInventory.zabbix.url,
        [environmentKeys.zabbixAccessSecret]: { Ref: expect.stringMatching(/^Access/) },
        [environmentKeys.zabbixServer]: aFullInventory.zabbix.server,
        [environmentKeys.zabbixPlaces]: aFullInventory.zabbix.places.join(','),
        [environmentKeys.zabbixProbeScript]: aFullInventory.zabbix.probeScript,
        [environmentKeys.zabbixNewerVersions]: aFullInventory.zabbix.newerVersions,
        [environmentKeys.serverWaitS]: '90',
        [environmentKeys.agentStartS]: '20',
        [environmentKeys.proveTimeoutS]: '100',
        [environmentKeys.evidenceBucket]: { Ref: expect.stringMatching(/^Evidence/) },
        [environmentKeys.fingerprintSecret]: { Ref: expect.stringMatching(/^FingerprintKey/) },
      },
    });
  });

  test(`bundles each function into one file of at most ${mostBundleBytes / 1000} kB that Node can load`, () => {
    const bundles = assets.map((asset) => join(folder, 'out', asset, 'index.mjs')).filter((path) => existsSync(path));
    expect(bundles).toHaveLength(3);
    for (const bundle of bundles) expectLoadable(bundle);
  });

  test('puts what the page of a report is made of beside the bundle that reads it, and nowhere else', () => {
    const withPage = assets.filter((asset) => existsSync(join(folder, 'out', asset, 'page.css')));
    expect(withPage).toHaveLength(1);
    for (const file of ['page.css', 'page.js'])
      expect(readFileSync(join(folder, 'out', withPage[0] ?? '', file), 'utf8')).toBe(
        readFileSync(`lambda/reports/page/${file}`, 'utf8'),
      );
  });

  function expectLoadable(bundle: string): void {
    const bytes = statSync(bundle).size;
    console.info(`bundle: ${(bytes / 1000).toFixed(1)} kB minified`);
    expect(bytes).toBeLessThanOrEqual(mostBundleBytes);

    // A module bundled as CommonJS ("Dynamic require of …") or one left out that is needed at once would fail here.
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', 'console.log(typeof (await import(process.argv[1])).handler)', bundle],
      { encoding: 'utf8', env: { PATH: process.env.PATH, AWS_REGION: 'eu-central-1' } },
    );
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('function');
  }
});

test('a bad inventory ends with its problems alone', { timeout: 60_000 }, () => {
  const { status, stderr } = run({ secrets: [] }, 'bad');

  expect(status).toBe(1);
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/^1 problem in .*bad\.json:$/),
    '  · the inventory: zabbix is missing; add it as in inventory.example.json.',
  ]);
});
