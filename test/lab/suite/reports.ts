import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { keyHash } from '../../../lambda/reports/manifest.ts';
import { type Report, reportShape } from '../../../lambda/reports/report-shape.ts';
import { verifyFolder } from '../../../lambda/reports/verify-folder.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { grantReportAccess } from '../zabbix/report-access.ts';

const program = fileURLToPath(new URL('../../../cli/zabbix-psk.ts', import.meta.url));

const adopted = ['sound', 'in-zabbix', 'on-node', 'in-secret', 'open-file', 'with-bom', 'shared'];
const placeholder = 'nobody';
const byHand = { identity: 'by-hand', psk: 'c'.repeat(64) };

/** What the frontend would show, and what a report must show to the letter. */
const hostileName = `=cmd|'/C calc'!A1 <script>alert(1)</script> "\u202Etxt`;

/** A site where somebody has been at work by hand, as the deployed report function sees it. */
export function reportsOn(version: ZabbixVersion): void {
  describe(`a report on Zabbix ${version}`, () => {
    let lab: Lab;
    let folder: string;
    let files: ReadonlyMap<string, string>;
    let report: Report;
    const hosts = new Map<string, SmallHost>();
    const host = (name: string) => z.custom<SmallHost>((found) => found !== undefined).parse(hosts.get(name));

    beforeAll(async () => {
      lab = await startLab({
        version,
        server: { cacheUpdateFrequencyS: 5 },
        timeouts: { serverWaitS: 60, agentStartS: 10, proveTimeoutS: 120 },
        secrets: [...adopted, placeholder],
        reports: true,
      });
      await Promise.all(
        adopted.map(async (name) =>
          hosts.set(name, await lab.host({ name, agent: 'zabbix_agentd', awaitValues: name === 'sound' })),
        ),
      );
      const shared = host('shared').credential;
      await Promise.all([
        lab.host({ name: 'sharer', agent: 'zabbix_agentd', ...shared, awaitValues: false }),
        lab.host({ name: 'in-clear', agent: 'zabbix_agentd', psk: null, awaitValues: false }),
        lab.host({ name: 'by-nobody', agent: 'zabbix_agentd', psk: 'd'.repeat(32), awaitValues: false }),
      ]);
      for (const name of adopted) await lab.adopt(name, [host(name)]);
      expect(await lab.rotate('sound')).toMatchObject({ outcome: 'succeeded' });
      await changeByHand(lab, host);
      await lab.reportSignsInWith(await grantReportAccess(lab.zabbix));

      const { error, result } = await lab.report();
      expect(error).toBeUndefined();
      folder = z.object({ folder: z.string() }).parse(result).folder;
      files = objectsOf(lab);
      report = reportShape.parse(JSON.parse(files.get(`${folder}report.json`) ?? ''));
    });
    afterAll(() => lab?.stop());

    const found = () =>
      report.findings.map(({ rule, name, side }) => [rule, name, ...(side === undefined ? [] : [side])].join(' '));

    test('names the side that somebody has changed by hand', () => {
      expect(found().filter((line) => line.startsWith('drift'))).toEqual([
        'drift in-secret secret',
        'drift in-zabbix zabbix',
        'drift on-node node',
      ]);
    });

    test('finds what is wrong on nodes, in Zabbix and in secrets, and nothing else', () => {
      const never = adopted.filter((name) => name !== 'sound').map((name) => `never-rotated zabbix-psk/${name}`);
      const readers = found().filter((line) => line.startsWith('api-reader'));
      const rest = found().filter((line) => !line.startsWith('drift') && !line.startsWith('api-reader'));
      expect(rest.toSorted()).toEqual(
        [
          ...never,
          'byte-order-mark with-bom',
          'key-file-open open-file',
          `not-adopted zabbix-psk/${placeholder}`,
          'not-covered by-nobody',
          'not-covered sharer',
          'shared-identity shared',
          'unencrypted edge',
          'unencrypted in-clear',
        ].toSorted(),
      );
      expect(readers).toEqual(
        expect.arrayContaining(['api-reader Admin', 'api-reader psk-report', 'api-reader psk-rotation']),
      );
    });

    test('tells since when the key of a rotated host is in use, by its record', () => {
      const row = report.coverage.find(({ name }) => name === 'sound');
      expect(row).toMatchObject({
        managed: 'managed',
        encryption: 'psk',
        keySince: { source: 'record' },
        lastOutcome: 'rotated',
        keyAgeDays: 0,
      });
      expect(row?.next).toBeDefined();
      expect(report.zabbixVersion).toMatch(new RegExp(`^${version}`));
    });

    test('shows names as Zabbix has them', () => {
      expect(report.coverage.find(({ name }) => name === 'in-clear')).toMatchObject({ visibleName: hostileName });
    });

    test('is whole with its records, and holds no key', async () => {
      const read = (name: string) => Buffer.from(objectsOf(lab).get(name) ?? '');
      const { problems, sound } = verifyFolder({ names: [...objectsOf(lab).keys()], read }, undefined);
      expect(problems).toEqual([]);
      expect(sound).toContain('records of zabbix-psk/sound: 1, unbroken');
      const text = [...files.values()].join('\n');
      for (const { firstCredential } of hosts.values()) expect(text).not.toContain(firstCredential?.psk);
      expect(text).not.toContain(host('sound').keyInPlace());
      expect(text).not.toContain(byHand.psk);
    });

    test('is checked on a machine without AWS by the key that KMS tells, and a byte that was changed is named', async () => {
      const { path, remove } = await temporaryFolder('zabbix-psk-fetched');
      try {
        const evidence = join(path, 'evidence');
        for (const [name, text] of objectsOf(lab)) {
          mkdirSync(dirname(join(evidence, name)), { recursive: true });
          writeFileSync(join(evidence, name), text);
        }
        const pem = await lab.publicKey();
        writeFileSync(join(path, 'key.pem'), pem);
        const verified = () => {
          const words = ['report', '--verify', evidence, '--key', join(path, 'key.pem')];
          const { status, stdout } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', env: {} });
          return { status, lines: stdout.split('\n').filter((line) => line.includes('/reports/')) };
        };
        const of = 'files as the manifest says, signed with the given key: SHA-256';
        const inOrder = { status: 0, lines: [expect.stringMatching(new RegExp(`^ok .*: 7 ${of} ${keyHash(pem)}$`))] };
        expect(verified()).toEqual(inOrder);

        for (const [name, pattern] of [
          ['manifest.sig', /(?<=^.{20})./],
          ['manifest.json', /(?<="asOf":")./],
        ] as const) {
          const file = join(evidence, folder, name);
          const text = readFileSync(file, 'utf8');
          writeFileSync(
            file,
            text.replace(pattern, (byte) => (byte === '1' ? '3' : '1')),
          );
          const says = /^PROBLEM .*: manifest\.json or manifest\.sig has been changed, or another key has signed$/;
          expect(verified()).toEqual({ status: 1, lines: [expect.stringMatching(says)] });
          writeFileSync(file, text);
        }
        expect(verified()).toEqual(inOrder);
      } finally {
        await remove();
      }
    });

    test('that is asked for again is another one, which knows where the records stood', async () => {
      const { error, result } = await lab.report(366);
      expect(error).toBeUndefined();
      const later = z.object({ folder: z.string() }).parse(result).folder;
      expect(later).not.toBe(folder);
      const next = reportShape.parse(JSON.parse(objectsOf(lab).get(`${later}report.json`) ?? ''));
      expect(next.chains).toEqual(report.chains);
      expect(next.findings.map(({ id }) => id)).toEqual(report.findings.map(({ id }) => id));
    });

    test('asked nothing that its role does not allow, nor anything that is not imitated', () => {
      expect(lab.cloud.denials).toEqual([]);
      expect(lab.cloud.unsupported).toEqual([]);
      expect(lab.cloud.breakdowns).toEqual([]);
    });
  });
}

/** Each side of one host, and what else goes wrong on a site. Agents run on with what they have read before. */
async function changeByHand(lab: Lab, host: (name: string) => SmallHost): Promise<void> {
  const { api, version } = lab.zabbix;
  const update = (name: string, fields: object) =>
    api.call('host.update', { hostid: host(name).monitored.hostId, ...fields }, z.unknown());
  await update('in-zabbix', { tls_psk_identity: byHand.identity, tls_psk: byHand.psk });
  const { keyFile, machine } = host('on-node');
  machine.write(keyFile, `${randomBytes(32).toString('hex')}\n`);
  await machine.must(['chmod', '0400', keyFile]);
  const { computerName, instanceId, credential } = host('in-secret');
  const targets = [{ kind: 'host', name: computerName, node: instanceId }];
  await lab.put('in-secret', JSON.stringify({ ...byHand, identity: credential.identity, targets }));
  await host('open-file').machine.must(['chmod', '0644', host('open-file').keyFile]);
  const bom = host('with-bom');
  bom.machine.write(bom.keyFile, `\uFEFF${bom.credential.psk}\n`);
  await bom.machine.must(['chmod', '0400', bom.keyFile]);
  const clear = lab.zabbix.hosts.find(({ computerName }) => computerName === 'in-clear');
  await api.call('host.update', { hostid: clear?.monitored.hostId, name: hostileName }, z.unknown());
  await api.create(
    'proxy.create',
    version === '6.0' ? { host: 'edge', status: 5 } : { name: 'edge', operating_mode: 0 },
  );
}

/** Everything in the evidence bucket, looked at from behind. */
function objectsOf({ cloud }: Lab): ReadonlyMap<string, string> {
  const objects = [...cloud.world.buckets.values()].flatMap((bucket) => [...bucket.objects]);
  return new Map(objects.map(([key, versions]) => [key, versions.map(({ body }) => body).join('\n')]));
}
