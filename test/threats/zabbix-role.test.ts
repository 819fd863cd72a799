import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const sourceOf = (files: readonly string[]) => files.map((file) => readFileSync(`lambda/zabbix/${file}`, 'utf8'));
const files = readdirSync('lambda/zabbix');
const source = sourceOf(files);
/** A report asks for more, and tells what its user may not read. */
const forReports = new Set(['inventory.ts', 'readers.ts']);

/** Open to everybody; 7.0.22 refuses a role that lists them. */
const openToAll = new Set(['apiinfo.version', 'user.login']);

/** Every method of Zabbix' API that stands in the adapter of the rotation. */
const called = [
  ...new Set(
    sourceOf(files.filter((file) => !forReports.has(file)))
      .flatMap((text) => [
        ...text.matchAll(/'((?:host|proxy|autoregistration|item|script|task|user|apiinfo)\.[a-z]+)'/g),
      ])
      .map(([, method = '']) => method),
  ),
].filter((method) => !openToAll.has(method));

const scripts = ['script.get', 'script.execute'];

describe.each(['6.0', '7.0'])('the role of our API user on %s', (version) => {
  const { rules, type } = JSON.parse(readFileSync(`docs/zabbix-role-${version}.json`, 'utf8'));

  test('may call what the service calls, and nothing else', () => {
    expect(rules['api.mode']).toBe(1); // a list of what is allowed
    // 6.0 lets nobody but super admins ask for a value now, and the service does without (docs/zabbix-versions.md).
    const autoregistration = ['autoregistration.get', 'autoregistration.update'];
    // 7.0 is not asked to execute scripts: the server pays for a no.
    const ofOthers = version === '6.0' ? ['task.create'] : ['proxy.get', ...scripts];
    const others = [...ofOthers, 'proxy.update', ...autoregistration];
    const expected = called.filter((method) => !others.includes(method));
    expect([...rules.api].sort()).toEqual(expected.sort());
  });

  test('is bound to host groups, and may not make tokens or see the frontend’s pages', () => {
    expect(type).toBe(2); // Admin: rights by host group; a super admin has them on everything
    const allowed = (list: readonly { name: string; status: number }[]) =>
      list.filter(({ status }) => status === 1).map(({ name }) => name);
    expect(allowed(rules.actions)).not.toContain('manage_api_tokens');
    // Zabbix wants one; the user group keeps the user out of the frontend altogether (README, "Permissions").
    expect(allowed(rules.ui)).toEqual(['monitoring.dashboard']);
    expect(rules['ui.default_access'] + rules['actions.default_access'] + rules['modules.default_access']).toBe(0);
  });
});

describe.each(['6.0', '7.0'])('the role of an API user that rotates proxies too, on %s,', (version) => {
  const ofProxies = JSON.parse(readFileSync(`docs/zabbix-role-proxies-${version}.json`, 'utf8'));
  const ofHosts = JSON.parse(readFileSync(`docs/zabbix-role-${version}.json`, 'utf8'));

  test('may call what the service calls, and nothing else, as the super admin that Zabbix asks for', () => {
    expect(ofProxies.type).toBe(3);
    expect(ofProxies.rules['api.mode']).toBe(1);
    const expected = called.filter((method) => version === '6.0' || !scripts.includes(method));
    expect([...ofProxies.rules.api].sort()).toEqual(expected.sort());
  });

  test('is allowed no page and no action more than the one for hosts', () => {
    const { ui, actions, api, ...rest } = ofProxies.rules;
    const { ui: hostUi, actions: hostActions, api: hostApi, ...hostRest } = ofHosts.rules;
    expect(ui.slice(0, hostUi.length)).toEqual(hostUi);
    // What a role does not name is allowed (facts of both versions), so the pages of super admins are named.
    for (const { name, status } of ui.slice(hostUi.length)) expect([name, status]).toEqual([name, 0]);
    expect(ui.length).toBeGreaterThan(hostUi.length);
    expect([actions, rest]).toEqual([hostActions, hostRest]);
    expect(api).toEqual(expect.arrayContaining(hostApi));
  });
});

describe.each(['6.0', '7.0'])('the role of the report’s user on %s', (version) => {
  const { rules } = JSON.parse(readFileSync(`docs/zabbix-role-report-${version}.json`, 'utf8'));

  test('may read what a report reads, and change nothing', () => {
    const asked = sourceOf([...forReports]).flatMap((text) =>
      [...text.matchAll(/'([a-z]+\.get)'/g)].map(([, method]) => method),
    );
    expect(rules['api.mode']).toBe(1);
    expect([...rules.api].sort()).toEqual([...new Set(asked)].sort());
    const all = [...rules.actions, ...rules.ui].filter(({ status }: { status: number }) => status === 1);
    expect(all).toMatchObject([{ name: 'monitoring.dashboard' }]);
  });
});

test('no call of ours searches, which would be a way to guess a key', () => {
  for (const text of source) expect(text).not.toMatch(/\bsearch:|startSearch/);
});
