import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { InventoryError, parseInventory } from '../../infra/inventory.ts';
import { synthesize } from '../infra/synthesis.ts';
import { anyJson, poisons, thrownBy } from './poison.ts';

const url = 'https://zabbix.example.com/api_jsonrpc.php';
const web = { name: 'web-01', schedule: 'cron(0 3 1 * ? *)', window: '4h' };
const network = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };
const good = { zabbix: { url }, secrets: [web] };
const folder = mkdtempSync(join(tmpdir(), 'zabbix-psk-poisoned-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parse = (inventory: unknown) => parseInventory(JSON.stringify(inventory), join(folder, 'inventory.json'));

const poisonedFields = {
  url: (poison: string) => ({ ...good, zabbix: { url: poison } }),
  'path of the url': (poison: string) => ({
    ...good,
    zabbix: { url: `https://zabbix.example.com/${poison}/api_jsonrpc.php` },
  }),
  caFile: (poison: string) => ({ ...good, zabbix: { url, caFile: poison } }),
  server: (poison: string) => ({ ...good, zabbix: { url, server: `${poison}:10051` } }),
  probeScript: (poison: string) => ({ ...good, zabbix: { url, probeScript: poison } }),
  newerVersions: (poison: string) => ({ ...good, zabbix: { url, newerVersions: poison } }),
  subnetIds: (poison: string) => ({ ...good, network: { ...network, subnetIds: [poison] } }),
  securityGroupIds: (poison: string) => ({ ...good, network: { ...network, securityGroupIds: [poison] } }),
  email: (poison: string) => ({ ...good, alarms: { email: `${poison}@example.com` } }),
  serverWaitS: (poison: string) => ({ ...good, timeouts: { serverWaitS: poison } }),
  agentStartS: (poison: string) => ({ ...good, timeouts: { agentStartS: poison } }),
  proveTimeoutS: (poison: string) => ({ ...good, timeouts: { proveTimeoutS: poison } }),
  name: (poison: string) => ({ ...good, secrets: [{ ...web, name: poison }] }),
  schedule: (poison: string) => ({ ...good, secrets: [{ ...web, schedule: poison }] }),
  'a field of the schedule': (poison: string) => ({
    ...good,
    secrets: [{ ...web, schedule: `cron(0 3 1 ${poison} ? *)` }],
  }),
  window: (poison: string) => ({ ...good, secrets: [{ ...web, window: poison }] }),
  'a field that is none': (poison: string) => ({ ...good, [`${poison}!`]: poison }),
};

/** Free text for a human, or a part of an address: it may hold what is nobody's code. */
const mayHold: Readonly<Record<string, (poison: string) => boolean>> = {
  'path of the url': (poison) => !/\{\{|\$\{|[\p{Cc}]/u.test(poison),
  probeScript: (poison) => !/\{\{|\$\{|[\p{Cc}]/u.test(poison) && poison.length <= 255,
  email: (poison) => /^[^\s@{]{1,64}$/.test(poison) && !/\p{Cc}/u.test(poison),
  // A secret's name is a name, whatever it would mean as a path.
  name: (poison) => poison === '__proto__' || poison === '../../etc/shadow',
  'a field of the schedule': (poison) => poison === '*',
};

test.each(Object.entries(poisonedFields))(
  'a poisoned %s is refused in lines that a terminal can show',
  async (field, poisoned) => {
    let refused = 0;
    for (const poison of poisons) {
      if (mayHold[field]?.(poison) === true) continue;
      const error = await thrownBy(() => parse(poisoned(poison)));
      expect({ poison, error }).toEqual({ poison, error: expect.any(InventoryError) });
      expect(error).toHaveProperty('message', expect.not.stringMatching(/(?!\n)\p{Cc}/u));
      refused += 1;
    }
    expect(refused).toBeGreaterThan(3);
  },
);

test('what a field may hold stays text on its way into the template', () => {
  const probeScript = `'; $(id) "quoted" \`id\` %s \\u0022 <b> # & | ü`;
  const template = synthesize({ ...good, zabbix: { url, probeScript } });
  const functions = Object.values(template.findResources('AWS::Lambda::Function'));
  expect(functions.map(({ Properties }) => Properties.Environment?.Variables.ZABBIX_PROBE_SCRIPT)).toContain(
    probeScript,
  );
});

test('a certificate with a line of text in it, which would stand in the template, is no certificate', async () => {
  const [certificate = ''] = rootCertificates;
  const text = certificate.replace('-----\n', '-----\nx: {{resolve:secretsmanager:psk}}\n\n');
  writeFileSync(join(folder, 'ca.pem'), text);
  expect(await thrownBy(() => parse({ ...good, zabbix: { url, caFile: 'ca.pem' } }))).toHaveProperty(
    'message',
    expect.stringContaining('is not a PEM certificate'),
  );
});

test('whatever the file holds, it is read or refused with all its problems', () => {
  const fields = ['zabbix', 'secrets', 'network', 'alarms', 'timeouts', 'url', 'name', 'schedule', 'window'];
  fc.assert(
    fc.property(anyJson(fields), (value) => {
      try {
        parse(value);
      } catch (error) {
        expect(error).toBeInstanceOf(InventoryError);
      }
    }),
  );
});
