import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../../lambda/errors.ts';
import { recordKey } from '../../../lambda/evidence/record-key.ts';
import { makeReport } from '../../../lambda/reports/make-report.ts';
import type { Signer } from '../../../lambda/reports/ports.ts';
import { verifyFolder } from '../../../lambda/reports/verify-folder.ts';
import { Deadline } from '../../../lambda/rotation/deadline.ts';
import { autoregistration } from '../../../lambda/rotation/model.ts';
import { aChain } from './a-chain.ts';
import { aCredential, aSite } from './a-site.ts';
import { aHost } from './an-estate.ts';

const secret = 'zabbix-psk/web-01';
const minute = 60_000;
type Site = ReturnType<typeof aSite>['site'];

/** The findings of a report that is made after somebody has changed the site by hand. */
async function found(change: (site: Site) => unknown = () => undefined, minutes = 15) {
  const { site, ports } = aSite();
  for (const [name, bytes] of aChain(secret, 2)) site.files.set(name, bytes);
  change(site);
  const made = await makeReport(31, undefined, ports, Deadline.in(minutes * minute, ports.clock));
  const findings = made.report.findings.map(({ rule, name, side }) =>
    [rule, name, ...(side === undefined ? [] : [side])].join(' '),
  );
  return { ...made, site, findings };
}

test('a site that is in order has no finding, and its report is whole', async () => {
  const { findings, report, folder, site, says } = await found();
  expect(findings).toEqual([]);
  expect(report.coverage).toMatchObject([
    { name: 'autoregistration', managed: 'not-ours' },
    { name: 'web-01', managed: 'managed', encryption: 'psk', keySince: { source: 'record' }, keyBytes: 32 },
  ]);
  expect(folder).toBe('reports/2026-11-23T070000Z/');
  expect(says).toMatch(/^Zabbix keys on 2026-11-23: nothing open/);
  const read = (name: string) => Buffer.from(site.files.get(name) ?? '');
  expect(verifyFolder({ names: [...site.files.keys()], read }, undefined)).toEqual({
    sound: [
      'reports/2026-11-23T070000Z: 6 files as the manifest says, not signed',
      `records of ${secret}: 2, unbroken`,
    ],
    problems: [],
  });
});

test('no key and no fingerprint of one is in any file', async () => {
  const { site, folder } = await found((site) => {
    site.inPlace = aCredential('by-hand', 'c');
  });
  const files = [...site.files].filter(([name]) => name.startsWith(folder)).map(([, text]) => text);
  for (const digit of ['a', 'c']) {
    const { key } = aCredential('x', digit);
    for (const text of files) expect(text).not.toMatch(new RegExp(`${digit.repeat(32)}|${key.fingerprint}`));
  }
});

describe('drift by hand', () => {
  const byHand = aCredential('by-hand', 'c');

  test('in Zabbix is named as Zabbix', async () => {
    expect((await found((site) => site.stored.set('web-01', byHand))).findings).toEqual(['drift web-01 zabbix']);
  });

  test('on the node is named as the node, also where only the identity differs', async () => {
    const change = (inPlace: typeof byHand) => (site: Site) => {
      site.inPlace = inPlace;
    };
    expect((await found(change(byHand))).findings).toEqual(['drift web-01 node']);
    expect((await found(change({ ...aCredential('x', 'a'), identity: 'another' }))).findings).toEqual([
      'drift web-01 node',
    ]);
  });

  test('in the secret is named as the secret', async () => {
    const { findings } = await found((site) => {
      const value = site.values.get('now');
      if (value === undefined || value instanceof Refusal) throw new TypeError('there is a value');
      site.values.set('before', value).set('now', { ...value, ...byHand });
      site.versions = { current: 'now', previous: 'before' };
    });
    expect(findings).toEqual(['drift web-01 secret']);
  });

  test('on Zabbix and node to one third key is named as the secret', async () => {
    const { findings } = await found((site) => {
      site.stored.set('web-01', byHand);
      site.inPlace = byHand;
    });
    expect(findings).toEqual(['drift web-01 secret']);
  });
});

test('autoregistration that we rotate is covered, no node is asked, and hosts that live on its key are named', async () => {
  const { findings, report, site } = await found((site) => {
    const value = site.values.get('now');
    if (value === undefined || value instanceof Refusal) throw value;
    site.values.set('now', { ...value, targets: [autoregistration] });
  });
  expect(site.calls).not.toContain('look');
  expect(report.coverage).toMatchObject([
    { name: 'autoregistration', managed: 'managed', secret, sharedWith: 1 },
    { name: 'web-01', managed: 'not-managed' },
  ]);
  expect(findings).toContain('shared-identity autoregistration');
  expect(findings).not.toContain('not-asked nodes');
});

test('another host with the same key is told as a sharer, and covered by nobody', async () => {
  const { findings } = await found((site) => {
    site.hosts.push(aHost('copy'));
    site.stored.set('copy', aCredential('web-01.k7q2x9', 'a'));
  });
  expect(findings).toEqual(['not-covered copy', 'shared-identity web-01']);
});

describe('what cannot be asked', () => {
  test('is a finding, and the rest of the report stands', async () => {
    const { findings } = await found((site) => {
      for (const method of ['proxies', 'readers'] as const) site.refusing.add(method);
    });
    expect(findings).toEqual(['not-asked proxies of Zabbix', 'not-asked users of Zabbix']);
  });

  test('a Zabbix that shows no host leaves neither a false "missing" nor a false "in order"', async () => {
    const { findings } = await found((site) => {
      for (const method of ['hosts', 'holders'] as const) site.refusing.add(method);
    });
    expect(findings).toEqual(['not-asked web-01', 'not-asked hosts of Zabbix']);
  });

  test('a node that does not answer, one that refuses, and a byte order mark are three things', async () => {
    const because = async (inPlace: Site['inPlace']) =>
      (
        await found((site) => {
          site.inPlace = inPlace;
        })
      ).findings;
    expect(await because(undefined)).toEqual(['not-inspected web-01']);
    expect(await because(new Refusal('NODE_REFUSED', 'the key file does not exist'))).toEqual(['not-inspected web-01']);
    expect(await because(new Refusal('NODE_REFUSED', 'it begins with a byte order mark'))).toEqual([
      'byte-order-mark web-01',
    ]);
  });

  test('nodes for which there is no time are left out, and one finding says how many', async () => {
    const { findings, report, site } = await found(() => undefined, 2);
    expect(findings).toEqual(['not-asked nodes']);
    expect(report.findings[0]?.evidence).toMatch(/^1 of 1 nodes were not inspected/);
    expect(site.calls).not.toContain('look');
  });

  test('Zabbix is asked for no key when only the time to write is left', async () => {
    const { findings, site } = await found(() => undefined, 1);
    expect(findings).toEqual(['not-asked web-01', 'not-asked nodes']);
    expect(site.calls).not.toContain('holders');
  });

  test('a secret that still holds the placeholder is told, and nobody is asked about it', async () => {
    const { findings, site } = await found((site) => {
      site.values.set('now', new Refusal('SECRET_NOT_ADOPTED', 'it holds the placeholder'));
    });
    expect(findings).toEqual(['not-adopted zabbix-psk/web-01', 'not-covered web-01']);
    expect(site.calls).not.toContain('look');
  });
});

describe('the records', () => {
  test('that are broken are a critical finding', async () => {
    const { findings } = await found((site) => site.files.delete(recordKey(secret, 1)));
    expect(findings).toEqual(['records-broken zabbix-psk/web-01']);
  });

  test('of which the last is gone since the report before are found by that report', async () => {
    const first = await found();
    const { findings } = await found((site) => {
      for (const [name, text] of first.site.files) site.files.set(name, text);
      site.files.delete(recordKey(secret, 2));
      site.nowMs += minute;
    });
    expect(findings).toEqual(['records-broken zabbix-psk/web-01']);
  });

  test('from before the period are not read, and still must be there', async () => {
    const change = (site: Site) => {
      for (const [name, bytes] of aChain(secret, 5, { endedAt: '2026-01-01T03:00:00.000Z' }))
        site.files.set(name, bytes);
      // Nobody reads this one, so nobody sees it here; report --verify does.
      site.files.set(recordKey(secret, 2), 'changed');
    };
    expect((await found(change)).findings).toEqual([]);
    const gone = await found((site) => {
      change(site);
      site.files.delete(recordKey(secret, 3));
    });
    expect(gone.findings).toEqual(['records-broken zabbix-psk/web-01']);
  });
});

test('the waivers in force are the last ones by name, and a file that cannot be read stops the report', async () => {
  const waiver = {
    rule: 'not-covered',
    kind: 'host',
    name: 'old',
    owner: 'ops',
    reason: 'goes',
    expires: '2027-01-31',
  };
  const old = aHost('old');
  const { findings, report } = await found((site) => {
    site.hosts.push(old);
    site.files.set('waivers/2026-01-01.json', '{"waivers": []}');
    site.files.set('waivers/2026-02-01.json', JSON.stringify({ waivers: [waiver] }));
  });
  expect(findings).toEqual(['not-covered old']);
  expect(report.summary).toMatchObject({ waived: 1, open: { medium: 0 } });
  await expect(found((site) => site.files.set('waivers/x.json', '{'))).rejects.toThrow(
    /waivers\/x.json .* is not JSON/,
  );
});

test('a report is never written over another', async () => {
  const put = (site: Site) => site.files.set('reports/2026-11-23T070000Z/findings.csv', 'mine');
  await expect(found(put)).rejects.toThrow(/there is another findings.csv in reports\/2026-11-23T070000Z\/ already/);
});

describe('a report that is signed', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const sound: Signer = {
    publicKey: async () => pem,
    sign: async (text) => sign('sha256', Buffer.from(text), privateKey).toString('base64'),
  };

  async function made(signer: Signer) {
    const { site, ports } = aSite();
    const failure = await makeReport(31, undefined, { ...ports, signer }, Deadline.in(15 * minute, ports.clock)).then(
      () => undefined,
      (error: unknown) => error,
    );
    return { files: site.files, calls: site.calls, failure };
  }

  test('has signature and key before its manifest, and is checked with the key', async () => {
    const { files } = await made(sound);
    expect([...files.keys()].slice(-3).map((name) => name.split('/').at(-1))).toEqual([
      'signing-key.pem',
      'manifest.sig',
      'manifest.json',
    ]);
    const read = (name: string) => Buffer.from(files.get(name) ?? '');
    expect(verifyFolder({ names: [...files.keys()], read }, pem)).toEqual({
      sound: [expect.stringMatching(/as the manifest says, signed with the given key: SHA-256 [0-9a-f]{64}$/)],
      problems: [],
    });
  });

  test('has the same bytes when it is made again of the same, in every file but the signature', async () => {
    const [{ files: one }, { files: other }] = [await made(sound), await made(sound)];
    const differing = [...one].filter(([name, text]) => other.get(name) !== text).map(([name]) => name);
    expect(differing).toEqual(['reports/2026-11-23T070000Z/manifest.sig']);
    expect([...other.keys()]).toEqual([...one.keys()]);
  });

  test('whose key cannot be had is not begun', async () => {
    const refusing = { ...sound, publicKey: () => Promise.reject(new Error('KMS says DisabledException')) };
    const { files, calls, failure } = await made(refusing);
    expect(failure).toMatchObject({
      code: 'REPORT_NOT_SIGNED',
      message:
        'the public key of the key that signs reports could not be had (KMS says DisabledException); no report was begun',
    });
    expect({ files: files.size, calls }).toEqual({ files: 0, calls: [] });
  });

  test.each([
    {
      what: 'that KMS does not sign',
      sign: () => Promise.reject(new Error('KMS says ThrottlingException')),
      says: 'the report could not be signed (KMS says ThrottlingException): reports/2026-11-23T070000Z/ has no manifest and is no report; ask for another one',
    },
    {
      what: 'whose signature is of something else',
      sign: () => sound.sign('something else'),
      says: 'the signature does not fit the public key of the key that made it: reports/2026-11-23T070000Z/ has no manifest and is no report; ask for another one',
    },
  ])('$what has neither manifest nor signature', async ({ sign, says }) => {
    const { files, failure } = await made({ ...sound, sign });
    expect(failure).toMatchObject({ code: 'REPORT_NOT_SIGNED', message: says });
    expect([...files.keys()].filter((name) => /manifest|signing/.test(name))).toEqual([]);
  });
});
