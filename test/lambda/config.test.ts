import { expect, test } from 'vitest';
import { readConfig } from '../../lambda/config.ts';

const good = {
  ZABBIX_URL: 'https://zabbix.example.com/api_jsonrpc.php',
  ZABBIX_ACCESS_SECRET: 'zabbix-access',
  DOCUMENT_INSPECT: 'a',
  DOCUMENT_PREPARE: 'b',
  DOCUMENT_SWITCH: 'c',
  DOCUMENT_RESTORE: 'd',
  DOCUMENT_FORGET: 'e',
  DOCUMENT_RELOAD: 'f',
  EVIDENCE_BUCKET: 'evidence',
  FINGERPRINT_SECRET: 'fingerprint-key',
};

test('what is not given has a default', () => {
  expect(readConfig(good)).toMatchObject({
    zabbixServer: undefined,
    zabbixNewerVersions: 'refuse',
    patience: { serverWaitMs: 150_000, agentStartMs: 20_000, proveMs: 120_000 },
    reload: { servers: [], proxies: new Map() },
  });
});

test('how often a passive proxy is sent its configuration is told with what a busy server may add', () => {
  expect(readConfig(good).patience.proxyMs).toBeUndefined();
  expect(readConfig({ ...good, PROXY_CONFIG_FREQUENCY_S: '3600' }).patience.proxyMs).toBe(3_660_000);
  expect(() => readConfig({ ...good, PROXY_CONFIG_FREQUENCY_S: '1h' })).toThrow(
    'PROXY_CONFIG_FREQUENCY_S must be 1–6000 seconds (got "1h")',
  );
});

test('every problem is named at once; missing and malformed are different sentences', () => {
  const bad = {
    ...good,
    ZABBIX_URL: 'http://zbx',
    ZABBIX_ACCESS_SECRET: undefined,
    PROVE_TIMEOUT_S: 'ten',
    ZABBIX_SERVER: 'zbx',
    ZABBIX_NEWER_VERSIONS: 'true',
  };
  expect(() => readConfig(bad)).toThrow(
    '5 problems in the environment: ZABBIX_URL must be an https URL (got "http://zbx") · ZABBIX_ACCESS_SECRET is missing · ' +
      'ZABBIX_SERVER must be host:port (got "zbx") · ZABBIX_NEWER_VERSIONS must be try-like-the-newest-known or absent (got "true") · PROVE_TIMEOUT_S must be 10–600 seconds (got "ten")',
  );
});

test('an IPv6 server is taken apart', () => {
  expect(readConfig({ ...good, ZABBIX_SERVER: '[2001:db8::1]:10051' }).zabbixServer).toEqual({
    host: '2001:db8::1',
    port: 10_051,
  });
});

test('newer versions are tried only in so many words', () => {
  const asked = readConfig({ ...good, ZABBIX_NEWER_VERSIONS: 'try-like-the-newest-known' });
  expect(asked.zabbixNewerVersions).toBe('try-like-the-newest-known');
});

test('addresses that agents may report to are taken apart', () => {
  expect(readConfig(good).zabbixPlaces).toEqual([]);
  const { zabbixPlaces } = readConfig({ ...good, ZABBIX_PLACES: 'zabbix-2,[2001:db8::5]:10052' });
  expect(zabbixPlaces).toEqual(['zabbix-2', '[2001:db8::5]:10052']);
});

test('nodes of server and proxies are taken apart, and a proxy may have blanks in its name', () => {
  const { reload } = readConfig({
    ...good,
    RELOAD_SERVERS: 'mi-0123456789abcdef0,i-0123456789abcdef0',
    RELOAD_PROXIES: 'edge=mi-0123456789abcdef1,site 2=i-01234567',
  });
  expect(reload.servers).toEqual(['mi-0123456789abcdef0', 'i-0123456789abcdef0']);
  expect([...reload.proxies]).toEqual([
    ['edge', 'mi-0123456789abcdef1'],
    ['site 2', 'i-01234567'],
  ]);
});

test.each([
  [{ RELOAD_SERVERS: 'zabbix' }, 'RELOAD_SERVERS must be node ids with commas between them (got "zabbix")'],
  [{ ZABBIX_PLACES: 'zabbix-2,' }, 'ZABBIX_PLACES must be addresses with commas between them (got "zabbix-2,")'],
  [{ RELOAD_SERVERS: 'i-01234567,' }, 'RELOAD_SERVERS must be node ids'],
  [{ RELOAD_PROXIES: 'edge' }, 'RELOAD_PROXIES must be name=node with commas between them (got "edge")'],
  [{ RELOAD_PROXIES: 'ed$ge=i-01234567' }, 'RELOAD_PROXIES must be name=node'],
  [{ RELOAD_PROXIES: 'edge=i-01234567=x' }, 'RELOAD_PROXIES must be name=node'],
  [{ RELOAD_PROXIES: 'edge=i-01234567,edge=i-01234568' }, 'RELOAD_PROXIES must be name=node'],
])('%j is a problem', (change, problem) => {
  expect(() => readConfig({ ...good, ...change })).toThrow(problem);
});
