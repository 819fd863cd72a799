import { describe, expect, test } from 'vitest';
import { tryNewerVersions } from '../../../lambda/contract.ts';
import { Refusal, ZabbixRefused } from '../../../lambda/errors.ts';
import type { Fact } from '../../../lambda/rotation/ports.ts';
import type { NewerVersions } from '../../../lambda/zabbix/dialect.ts';
import type { Call, JsonRpc } from '../../../lambda/zabbix/json-rpc.ts';
import { type Access, openSession } from '../../../lambda/zabbix/session.ts';

/** Answers no host to whatever is asked before the test's own calls. */
function zabbix(version: string, reply: (call: Call) => unknown = () => []): JsonRpc {
  return async (asked) => ({ dateS: 0, result: asked.method === 'apiinfo.version' ? version : reply(asked) });
}

function open(rpc: JsonRpc, { access = async () => ({ token: 'secret-token' }), ...options }: Options = {}) {
  const facts: Fact[] = [];
  const archive = { append: async (fact: Fact) => void facts.push(fact) };
  const opening = openSession({ rpc, access, newerVersions: 'refuse', archive, ...options });
  return { opening, facts };
}

interface Options {
  readonly access?: () => Promise<Access>;
  readonly newerVersions?: NewerVersions;
}

describe('a version', () => {
  test.each(['6.0.14', '6.4.21', '7.0.22', '7.2.5', '7.4.0', '7.4.0rc1'])('%s is known', async (version) => {
    const { opening, facts } = open(zabbix(version));
    expect((await opening).version).toBe(version);
    expect(facts).toEqual([]);
  });

  test.each(['5.0.30', '6.2.1', '6.40.1', '7.1.0', '7', 'no version'])(
    'that is older, between two or none (%s) is refused by name, even when newer ones are tried',
    async (version) => {
      for (const newerVersions of ['refuse', tryNewerVersions] as const) {
        const { opening } = open(zabbix(version), { newerVersions });
        await expect(opening).rejects.toThrow(Refusal);
        await expect(opening).rejects.toThrow(
          `Zabbix answers with version ${version}; supported are 6.0, 6.4, 7.0, 7.2 and 7.4; see docs/zabbix-versions.md`,
        );
      }
    },
  );

  // 7.10 is not 7.1, and 10.0 does not come before 7.4.
  describe.each(['7.6.0', '7.10.1', '8.0.2', '10.0.0'])('that is newer than every one known (%s)', (version) => {
    test('is refused with the two ways out', async () => {
      const { opening, facts } = open(zabbix(version));
      await expect(opening).rejects.toThrow(
        `Zabbix answers with version ${version}, which is newer than this service knows; supported are 6.0, 6.4, 7.0, 7.2 and 7.4; ` +
          'update the service, or set "newerVersions": "try-like-the-newest-known" beside zabbix.url in the inventory; see docs/zabbix-versions.md',
      );
      expect(facts).toEqual([]);
    });

    test('is tried like 7.4 when the operator asked for it, and named once in the log', async () => {
      const { opening, facts } = open(zabbix(version), { newerVersions: tryNewerVersions });
      const { dialect, call } = await opening;
      await call('host.get', {});
      expect(dialect).toMatchObject({ release: [7, 4], auth: 'header', hostMonitoredByField: 'monitored_by' });
      expect(facts).toEqual([{ event: 'zabbix.versionUntried', version, spokenToLike: '7.4' }]);
    });
  });
});

describe('that Zabbix compares keys', () => {
  const deafTo = (field: string) => (asked: Call) =>
    JSON.stringify(asked.params).includes(`"${field}":`) ? [{ hostid: '10084' }] : [];

  test.each([
    ['6.4.21', 'tls_psk'],
    ['7.2.5', 'tls_psk_identity'],
    ['7.4.3', 'tls_psk'],
    ['8.0.0', 'tls_psk_identity'],
  ])('is looked at where no lab has seen it: %s that ignores %s is refused', async (version, field) => {
    const { opening, facts } = open(zabbix(version, deafTo(field)), { newerVersions: tryNewerVersions });
    await expect(opening).rejects.toThrow(
      `Zabbix ${version} ignores ${field} in the filter of host.get, so nobody could tell which key it holds`,
    );
    expect(facts).toEqual([]);
  });

  test.each(['6.0.14', '7.0.22'])('costs %s no call', async (version) => {
    const asked: string[] = [];
    await open(zabbix(version, ({ method }) => asked.push(method))).opening;
    expect(asked).toEqual([]);
  });
});

describe('a token', () => {
  test.each(['Not authorised.', 'Not authorized.', 'API token expired.'])(
    'that is refused ("%s") ends in one sentence',
    async (data) => {
      const session = await open(
        zabbix('6.0.14', () => {
          throw new ZabbixRefused(`Zabbix refused host.get: Invalid params. ${data}`);
        }),
      ).opening;
      await expect(session.call('host.get', {})).rejects.toThrow(/does not accept the API token/);
    },
  );

  test('is the one that the secret holds by now', async () => {
    let token = 'old-token';
    const session = await open(
      zabbix('7.0.22', ({ bearer }) => {
        if (bearer === 'old-token') throw new ZabbixRefused('Zabbix refused host.get: Invalid params. Not authorized.');
        return 'answer';
      }),
      { access: async () => ({ token }) },
    ).opening;
    token = 'new-token';
    expect(await session.call('host.get', {})).toBe('answer');
  });
});

test('a user logs in again when the session has ended', async () => {
  let sessions = 0;
  const session = await open(
    zabbix('6.0.14', ({ method, bodyAuth }) => {
      if (method === 'user.login') {
        sessions += 1;
        return `session-${sessions}`;
      }
      if (bodyAuth === 'session-1')
        throw new ZabbixRefused('Zabbix refused host.get: Session terminated, re-login, please.');
      return 'answer';
    }),
    { access: async () => ({ username: 'psk', password: 'x' }) },
  ).opening;
  expect(await session.call('host.get', {})).toBe('answer');
  expect(sessions).toBe(2);
});
