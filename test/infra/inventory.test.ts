import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { InventoryError, parseInventory, readInventory } from '../../infra/inventory.ts';

const zabbix = { url: 'https://zabbix.example.com/api_jsonrpc.php' };
const web = { name: 'web-01', schedule: 'cron(0 3 1 * ? *)', window: '4h' };
const folder = mkdtempSync(join(tmpdir(), 'zabbix-psk-inventory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the example is valid', () => {
  const example = readInventory('inventory.example.json');
  expect(example.secrets.length).toBeGreaterThan(0);
  expect(readFileSync('cdk.json', 'utf8')).toContain('"inventory": "inventory.example.json"');
});

test('what is left out has a default', () => {
  expect(parsed({ zabbix, secrets: [] })).toEqual({
    zabbix,
    alarms: {},
    timeouts: { serverWaitS: 150, agentStartS: 20, proveTimeoutS: 120 },
    evidence: { retentionDays: 396, lock: 'governance', encryption: 's3' },
    secrets: [],
  });
});

test('evidence is locked for days, in one of two ways, and each mistake in it is told', () => {
  const evidence = { retentionDays: 1_096, lock: 'compliance', encryption: 'stack-key' };
  expect(parsed({ zabbix, secrets: [], evidence })).toMatchObject({ evidence });
  expect(
    problemsOf({ zabbix, secrets: [], evidence: { retentionDays: 0, lock: 'none', encryption: 'own', keep: true } }),
  ).toEqual([
    'evidence: retentionDays 0 must be a whole number of days from 1 to 36500.',
    'evidence: lock "none" must be "governance" or "compliance"; remove the line for "governance".',
    'evidence: encryption "own" must be "s3" or "stack-key"; remove the line for "s3".',
    'evidence: "keep" is not a setting; known here are retentionDays, lock, encryption. Correct or remove it.',
  ]);
});

test('a report is signed where the inventory says so', () => {
  const schedule = 'cron(0 6 1 * ? *)';
  expect(parsed({ zabbix, secrets: [], report: { schedule } })).toMatchObject({ report: { schedule, sign: false } });
  expect(parsed({ zabbix, secrets: [], report: { schedule, sign: true } })).toMatchObject({ report: { sign: true } });
  expect(problemsOf({ zabbix, secrets: [], report: { schedule, sign: 'yes', key: 'mine' } })).toEqual([
    'report: sign "yes" must be true or false, without quotes.',
    'report: "key" is not a setting; known here are schedule, sign. Correct or remove it.',
  ]);
});

test('AWS Config is asked for 90 days where nothing is said, and each mistake in it is told', () => {
  expect(parsed({ zabbix, secrets: [], configRules: {} })).toMatchObject({ configRules: { maxDaysSinceRotation: 90 } });
  const configRules = { maxDaysSinceRotation: 365 };
  expect(parsed({ zabbix, secrets: [], configRules })).toMatchObject({ configRules });
  expect(problemsOf({ zabbix, secrets: [], configRules: { maxDaysSinceRotation: '90', everySecret: true } })).toEqual([
    'configRules: maxDaysSinceRotation "90" must be a whole number of days from 1 to 1000.',
    'configRules: "everySecret" is not a setting; known here are maxDaysSinceRotation. Correct or remove it.',
  ]);
});

test('nodes of server and proxies are read', () => {
  const reload = { servers: ['mi-0123456789abcdef0'], proxies: { 'site 2': 'i-0123456789abcdef0' } };
  expect(parsed({ zabbix, secrets: [], reload }).reload).toEqual({
    servers: ['mi-0123456789abcdef0'],
    proxies: new Map([['site 2', 'i-0123456789abcdef0']]),
  });
});

test('addresses that agents may report to are read as ServerActive has them', () => {
  const places = ['zabbix-2', 'edge.example.com:10061', '192.0.2.7', '2001:db8::1', '[2001:db8::1]:10061'];
  expect(parsed({ zabbix: { ...zabbix, places }, secrets: [] }).zabbix.places).toEqual(places);
  expect(problemsOf({ zabbix: { ...zabbix, places: ['a;b', 'http://a', 5] }, secrets: [] })).toEqual([
    'zabbix: places "a;b" must be one address, with a port or without; write it as ServerActive has it.',
    'zabbix: places "http://a" must be one address, with a port or without; write it as ServerActive has it.',
    'zabbix: places 5 must be one address, with a port or without; write it as ServerActive has it.',
  ]);
});

test('how often passive proxies are sent their configuration is told in seconds, and not more than what leaves time before the next rotation', () => {
  const told = (proxyConfigFrequencyS: unknown) => ({ zabbix: { ...zabbix, proxyConfigFrequencyS }, secrets: [] });
  expect(parsed(told(3_600)).zabbix.proxyConfigFrequencyS).toBe(3_600);
  expect(problemsOf(told(7_200))).toEqual([
    'zabbix: proxyConfigFrequencyS 7200 must be a whole number of seconds from 1 to 6000.',
  ]);
});

test('more nodes than fit into the environment beside the certificates are refused', () => {
  const nodes = Array.from({ length: 90 }, (_, i) => [`proxy-${i}`, 'mi-0123456789abcdef0']);
  expect(problemsOf({ zabbix, secrets: [], reload: { proxies: Object.fromEntries(nodes) } })).toEqual([
    expect.stringMatching(
      /^reload and zabbix.places: their nodes, names and addresses take \d+ bytes, but .* only 2500 fit .*; name fewer,/,
    ),
  ]);
});

test('every problem is told at once', () => {
  const problems = problemsOf({
    zabbix: { url: 'http://zabbix.example.com/api_jsonrpc.php' },
    secrets: [{ name: 'web 01', schedule: 'rate(1 hour)', window: '90m' }],
  });
  expect(problems).toHaveLength(4);
});

describe('each problem is a sentence with thing, value and remedy:', () => {
  test.each([
    // Zabbix
    [{ zabbix: undefined }, /^the inventory: zabbix is missing; add it/],
    [{ zabbix: {} }, /^zabbix: url is missing; add it/],
    [{ zabbix: 'x' }, /^zabbix must be an object in braces, but it is "x"/],
    [
      { zabbix: { url: 'http://z/api_jsonrpc.php' } },
      /url "http:\/\/z\/api_jsonrpc.php" must begin with https:\/\/.*caFile/,
    ],
    [{ zabbix: { url: 'zabbix' } }, /url "zabbix" is not an address; write it like https:/],
    [{ zabbix: { url: 'https://u:p@z/api_jsonrpc.php' } }, /must not hold a user or password.*access secret/],
    [{ zabbix: { url: 'https://z/zabbix' } }, /must end with \/api_jsonrpc.php/],
    [{ zabbix: { url: 5 } }, /url 5 must be text in double quotes/],
    [{ zabbix: { ...zabbix, server: 'z' } }, /server "z" must be host:port; write it like/],
    [{ zabbix: { ...zabbix, server: 'z:70000' } }, /server "z:70000" must be host:port/],
    [{ zabbix: { ...zabbix, probeScript: 'a\nb' } }, /probeScript "a\\nb" must be the name of a script/],
    [{ zabbix: { ...zabbix, probeScript: '' } }, /probeScript "" is empty; fill it in or remove/],
    [
      { zabbix: { ...zabbix, newerVersions: 'yes' } },
      /newerVersions "yes" must be "try-like-the-newest-known", at your own risk; remove the line/,
    ],
    [
      { zabbix: { ...zabbix, caFile: 'none.pem' } },
      /caFile "none.pem" cannot be read \(ENOENT\); its path is relative/,
    ],
    // network, alarms, timeouts
    [
      { network: { subnetIds: ['sub'], securityGroupIds: ['sg-0123456789abcdef0'] } },
      /^network: subnetIds "sub" must look like subnet-/,
    ],
    [{ network: { subnetIds: ['subnet-0123456789abcdef0'] } }, /^network: securityGroupIds is missing/],
    [{ network: { subnetIds: [], securityGroupIds: ['sg-0123456789abcdef0'] } }, /subnetIds \[\] needs at least one/],
    [{ alarms: { email: 'me' } }, /^alarms: email "me" is not an e-mail address; write it like/],
    [
      { alarms: { runbook: 'wiki/runbook' } },
      /^alarms: runbook "wiki\/runbook" is not the address of a page; write it/,
    ],
    [{ alarms: { runbook: 'https://wiki/runbook#top' } }, /runbook ".*#top" is not the address of a page/],
    [
      { timeouts: { serverWaitS: '60' } },
      /^timeouts: serverWaitS "60" must be a whole number of seconds from 10 to 400/,
    ],
    [{ timeouts: { agentStartS: 0 } }, /agentStartS 0 must be a whole number of seconds from 5 to 120/],
    [{ timeouts: { proveTimeoutS: 9.5 } }, /proveTimeoutS 9.5 must be a whole number/],
    [
      { timeouts: { serverWaitS: 400 } },
      /^timeouts must leave time to go back: .* up to 1180 s .* after 900 s; lower them/,
    ],
    [
      { timeouts: { serverWaitS: 10 } },
      /^timeouts: serverWaitS 10 must be more than the 10 s after which the Zabbix server renews its cache .*; raise it/,
    ],
    [
      { zabbix: { ...zabbix, cacheUpdateFrequencyS: 150 } },
      /^timeouts: serverWaitS 150 must be more than the 150 s after which the Zabbix server renews its cache/,
    ],
    [
      { zabbix: { ...zabbix, cacheUpdateFrequencyS: 600 } },
      /^timeouts: serverWaitS 150 must be more than the 600 s .*; lower CacheUpdateFrequency below 400/,
    ],
    [{ zabbix: { ...zabbix, cacheUpdateFrequencyS: 0 } }, /^zabbix: cacheUpdateFrequencyS 0 must be a whole number/],
    // reload
    [{ reload: {} }, /^reload names no usable node, neither in servers nor in proxies; add one or remove it/],
    [
      { reload: { servers: ['i-01234567', 'i-01234567'] } },
      /^reload: servers \["i-01234567","i-01234567"\] names a node more than once; keep one/,
    ],
    [
      { reload: { servers: ['i-01234567'], proxies: { edge: 'edge.example.com' } } },
      /^reload: proxies.edge "edge.example.com" must be the id of a managed node, i-… or mi-…; copy it/,
    ],
    [
      { reload: { servers: ['i-01234567'], proxies: { 'ed,ge': 'i-01234567' } } },
      /^reload: proxies "ed,ge" is no name of a proxy: letters, digits, blanks/,
    ],
    [
      { reload: { servers: ['i-01234567'], proxies: ['i-01234567'] } },
      /^reload: proxies \["i-01234567"\] must be an object in braces/,
    ],
    [
      { reload: { servers: ['i-01234567'], proxy: {} } },
      /^reload: "proxy" is not a setting; known here are servers, proxies/,
    ],
    // secrets
    [{ secrets: undefined }, /^the inventory: secrets is missing/],
    [{ secrets: {} }, /secrets \{\} must be a list in square brackets/],
    [{ secrets: ['web-01'] }, /^secrets\[0\] must be an object in braces, but it is "web-01"/],
    [{ secrets: [{ schedule: web.schedule }] }, /^secrets\[0\]: name is missing/],
    [{ secrets: [{ ...web, name: 'web 01' }] }, /^secrets\[0\] "web 01": name "web 01" may hold only .*; rename it/],
    [{ secrets: [{ ...web, name: "a'b" }] }, /may hold only letters, digits/],
    [{ secrets: [{ ...web, name: 'zabbix-psk/a' }] }, /must not begin with zabbix-psk\/.*leave it out/],
    [{ secrets: [{ ...web, name: 'a'.repeat(201) }] }, /is 201 characters long; shorten it to at most 200/],
    [{ secrets: [{ ...web, name: '/a' }] }, /must not begin or end with \//],
    [{ secrets: [web, web] }, /^secrets: the name "web-01" occurs 2 times; keep one/],
    [
      { secrets: Array.from({ length: 201 }, (_, i) => ({ ...web, name: `h${i}` })) },
      /201 entries, but a stack has room for 200/,
    ],
    [
      { secrets: [{ ...web, shedule: 'x' }] },
      /"shedule" is not a setting; known here are name, schedule, window, firstEncryption/,
    ],
    [
      { secrets: [{ ...web, firstEncryption: true }] },
      /^secrets\[0\] "web-01": firstEncryption true must be text in double quotes/,
    ],
    [
      { secrets: [{ ...web, firstEncryption: 'yes' }] },
      /firstEncryption "yes" must be "only-psk", or "unencrypted-too".*nothing is encrypted for the first time/,
    ],
    [{ sercets: [] }, /^the inventory: "sercets" is not a setting/],
  ])('%j', (change, sentence) => {
    expect(problemsOf({ zabbix, secrets: [], ...change })).toEqual([expect.stringMatching(sentence)]);
  });

  test.each([
    ['every month', /"every month" is neither cron\(…\) nor rate\(…\); write it like/],
    ['rate(3 hours)', /more often than every 4 hours.*lengthen it/],
    ['rate(1000 days)', /longer than 999 days.*shorten it/],
    ['cron(0 3 1 * ?)', /has 5 fields, but cron has six/],
    ['cron(30 3 1 * ? *)', /has minute 30.*use 0/],
    ['cron(0 3 1 * ? 2027)', /has year 2027.*use \*/],
    ['cron(0 3 * * * *)', /\? in exactly one of day of month and day of week/],
    ['cron(0 24 1 * ? *)', /has hour 24; use 0 to 23/],
    ['cron(0 three 1 * ? *)', /has hour three/],
    ['cron(0 3 first * ? *)', /has day of month first/],
    ['cron(0 3 1 jan ? *)', /has month jan/],
    ['cron(0 3 ? * sun *)', /has day of week sun/],
    ['cron(0 2,5 * * ? *)', /rotates at 2, 5 o'clock, less than 4 hours apart/],
    ['cron(0 0/3 * * ? *)', /less than 4 hours apart/],
    ['cron(0 1,22 * * ? *)', /rotates at 1, 22 o'clock, less than 4 hours apart/],
    ['cron(0 * * * ? *)', /less than 4 hours apart/],
  ])('schedule %s', (schedule, sentence) => {
    expect(problemsOf({ zabbix, secrets: [{ name: 'web-01', schedule }] })).toEqual([expect.stringMatching(sentence)]);
  });

  test.each([
    ['cron(0 3 1 * ? *)', '90m', /window "90m" must be whole hours from 1h to 24h; write it like 4h/],
    ['cron(0 3 1 * ? *)', '25h', /must be whole hours/],
    ['cron(0 22 1 * ? *)', '4h', /would cross the end of the UTC day: it opens at 22:00 UTC; make it at most 2h/],
    ['cron(0 2,8 * * ? *)', '8h', /is longer than the 6 hours between two rotations; shorten it/],
    ['rate(6 hours)', '8h', /is longer than the 6 hours between two rotations/],
  ])('schedule %s with window %s', (schedule, window, sentence) => {
    expect(problemsOf({ zabbix, secrets: [{ name: 'web-01', schedule, window }] })).toEqual([
      expect.stringMatching(sentence),
    ]);
  });
});

test.each([
  ['cron(0 3 1 * ? *)', '4h'],
  ['cron(0 20 1 * ? *)', '4h'],
  ['cron(0 0/4 * * ? *)', '4h'],
  ['cron(0 /10 * * ? *)', undefined],
  ['cron(0 8,20 ? * MON-FRI *)', '3h'],
  ['cron(0 18 L * ? *)', undefined],
  ['cron(0 18 ? * 2#1 *)', '6h'],
  ['cron(0 3 1 1/3 ? *)', '21h'],
  ['rate(4 hours)', '4h'],
  ['rate(1 day)', '24h'],
  ['rate(999 days)', undefined],
])('schedule %s with window %s is accepted', (schedule, window) => {
  const entry = { name: 'web-01', schedule, ...(window === undefined ? {} : { window }) };
  expect(parsed({ zabbix, secrets: [entry] }).secrets).toEqual([entry]);
});

describe('the certificate of a private authority', () => {
  const [certificate = ''] = rootCertificates;
  const caFile = (text: string) => {
    writeFileSync(join(folder, 'ca.pem'), text);
    return { zabbix: { ...zabbix, caFile: 'ca.pem' }, secrets: [] };
  };

  test('is read beside the inventory, without the comments around it', () => {
    expect(parsed(caFile(`Issuer: somebody\n${certificate}\n# end\n`)).zabbix.caPem).toBe(certificate);
  });

  test.each([
    [`${certificate}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`, /holds a private key/],
    ['not PEM', /is not a PEM certificate; convert it/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /is not a PEM certificate/],
    [rootCertificates.slice(0, 9).join('\n'), /bytes of certificates, but only 2500 fit/],
  ])('is refused when it is something else', (text, sentence) => {
    expect(problemsOf(caFile(text))).toEqual([expect.stringMatching(sentence)]);
  });
});

test('a file that is missing or not JSON is named', () => {
  expect(() => readInventory(join(folder, 'none.json'))).toThrow(
    /none\.json:\n.*\(ENOENT\); copy inventory\.example\.json/,
  );
  expect(() => parseInventory('{', 'inventory.json')).toThrow(/1 problem in inventory\.json:\n.*is not JSON/);
});

function parsed(json: unknown) {
  return parseInventory(JSON.stringify(json), join(folder, 'inventory.json'));
}

function problemsOf(json: unknown): readonly string[] {
  try {
    parsed(json);
  } catch (error) {
    if (error instanceof InventoryError) return error.problems;
    throw error;
  }
  return [];
}
