import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../../lambda/evidence/canonical.ts';
import { recordKey } from '../../../lambda/evidence/record-key.ts';
import { compileReport } from '../../../lambda/reports/compile-report.ts';
import { reportFiles } from '../../../lambda/reports/report-files.ts';
import { verifyFolder } from '../../../lambda/reports/verify-folder.ts';
import { aChain } from './a-chain.ts';
import { anEstate } from './an-estate.ts';

const secret = 'zabbix-psk/web-01';
const at = (sequence: number) => recordKey(secret, sequence);

function verified(files: ReadonlyMap<string, string>, key?: string) {
  const read = (name: string) => Buffer.from(files.get(name) ?? '');
  return verifyFolder({ names: [...files.keys()], read }, key);
}

/** Four records, and the report that was made of them. */
function aFolder(publicKeyPem?: string): Map<string, string> {
  const records = aChain(secret, 4);
  const chains = [{ secret, records: 4, head: hashOf(records.get(at(4)) ?? ''), problems: [] }];
  const files = reportFiles(compileReport(anEstate({ chains }), []), undefined, publicKeyPem);
  return new Map([...[...files].map(([name, text]) => [`reports/2026-11-23/${name}`, text] as const), ...records]);
}

test('a folder as it was written is in order', () => {
  expect(verified(aFolder())).toEqual({
    sound: ['reports/2026-11-23: 6 files as the manifest says, not signed', `records of ${secret}: 4, unbroken`],
    problems: [],
  });
});

describe('records', () => {
  /** What is found after somebody has been at the records, with the report and without. */
  function problemsOf(change: (files: Map<string, string>) => unknown) {
    const files = aFolder();
    change(files);
    const alone = new Map([...files].filter(([name]) => name.startsWith('records/')));
    return [files, alone].map((some) =>
      verified(some).problems.map((line) => line.replace(`records of ${secret}: `, '')),
    );
  }
  const swap = (files: Map<string, string>, one: number, other: number) => {
    const [first = '', second = ''] = [files.get(at(one)), files.get(at(other))];
    files.set(at(one), second).set(at(other), first);
  };
  const edit = (files: Map<string, string>, sequence: number) =>
    files.set(at(sequence), (files.get(at(sequence)) ?? '').replace('"rotated"', '"refused"'));

  test('one that was changed is named', () => {
    expect(problemsOf((files) => edit(files, 2))).toEqual([
      ['00000002.json has been changed'],
      ['00000002.json has been changed'],
    ]);
    expect(problemsOf((files) => edit(files, 1))[1]).toEqual(['00000001.json has been changed']);
  });

  test('of the last one only the report knows that it was changed', () => {
    expect(problemsOf((files) => edit(files, 4))).toEqual([
      ['00000004.json has been changed since the report that names it was made'],
      [],
    ]);
  });

  test('one that was removed is named, the last one by the report only', () => {
    const one = ['00000002.json is gone'];
    expect(problemsOf((files) => files.delete(at(2)))).toEqual([one, one]);
    expect(problemsOf((files) => files.delete(at(1)))[1]).toEqual(['00000001.json is gone']);
    expect(problemsOf((files) => files.delete(at(4)))).toEqual([['00000004.json is gone'], []]);
  });

  test('two that changed places are named', () => {
    const both = [
      '00000002.json says that it is record 3: it was put in another order',
      '00000003.json says that it is record 2: it was put in another order',
    ];
    expect(problemsOf((files) => swap(files, 2, 3))).toEqual([both, both]);
  });

  test('one that closes the gap where another was taken out is found', () => {
    const closed = (files: Map<string, string>) => {
      files.set(at(2), (files.get(at(3)) ?? '').replace('"sequence":3', '"sequence":2'));
      files.set(at(3), (files.get(at(4)) ?? '').replace('"sequence":4', '"sequence":3'));
      files.delete(at(4));
    };
    expect(problemsOf(closed)[1]).toEqual([
      expect.stringMatching(/^00000001.json or 00000002.json has been changed/),
      expect.stringMatching(/^00000002.json or 00000003.json has been changed/),
    ]);
  });

  test('one of another secret, one that is cut short, and a file that is none are told', () => {
    const [other = ''] = aChain('zabbix-psk/db-01', 1).values();
    expect(problemsOf((files) => files.set(at(1), other))[1]).toContain(
      '00000001.json is a record of zabbix-psk/db-01',
    );
    expect(problemsOf((files) => files.set(at(3), '{"sequence":3,'))[1]).toContain(
      '00000003.json is not a record any more',
    );
    expect(problemsOf((files) => files.set(`records/${secret}/notes.txt`, 'x'))[1]).toEqual([
      'notes.txt is no record and does not belong here',
    ]);
  });

  test('a chain that was written anew from the beginning is found by the report that saw the old one', () => {
    const anew = aChain(secret, 4, { because: 'nothing happened' });
    const [withReport, alone] = problemsOf((files) => {
      for (const [name, bytes] of anew) files.set(name, bytes);
    });
    expect(withReport).toEqual(['00000004.json has been changed since the report that names it was made']);
    expect(alone).toEqual([]);
  });

  test('a whole folder that is gone is found by the report, where other records are there', () => {
    const files = new Map([...aFolder()].filter(([name]) => !name.startsWith('records/')));
    expect(verified(files).problems).toEqual([]);
    for (const [name, bytes] of aChain('zabbix-psk/db-01', 1)) files.set(name, bytes);
    expect(verified(files).problems).toContain(`records of ${secret}: 00000001.json is gone`);
  });
});

describe('reports', () => {
  const problemsAfter = (change: (files: Map<string, string>) => unknown) => {
    const files = aFolder();
    change(files);
    return verified(files).problems;
  };
  const in_ = (name: string) => `reports/2026-11-23/${name}`;

  test('a file that was changed, removed or added is named', () => {
    expect(problemsAfter((files) => files.set(in_('findings.csv'), 'severity\r\n'))).toEqual([
      'reports/2026-11-23: findings.csv has been changed',
    ]);
    expect(problemsAfter((files) => files.delete(in_('report.html')))).toEqual([
      'reports/2026-11-23: report.html is gone',
    ]);
    expect(problemsAfter((files) => files.set(in_('more.html'), ''))).toEqual([
      'reports/2026-11-23: more.html is not in the manifest',
    ]);
  });

  test('a manifest that names files outside its folder is no manifest', () => {
    const outside = problemsAfter((files) =>
      files.set(
        in_('manifest.json'),
        (files.get(in_('manifest.json')) ?? '').replace('"report.html"', '"../../etc/passwd"'),
      ),
    );
    expect(outside).toContain('reports/2026-11-23: manifest.json cannot be read as a manifest');
  });

  test('an empty folder is not in order', () => {
    expect(verified(new Map()).problems).toEqual(['there is neither a report nor a record in this folder']);
  });

  describe('a signature', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = (key = publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();
    const foreign = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey;
    const signed = () => {
      const files = aFolder();
      const signature = sign('sha256', Buffer.from(files.get(in_('manifest.json')) ?? ''), privateKey);
      return files.set(in_('manifest.sig'), `${signature.toString('base64')}\n`).set(in_('signing-key.pem'), pem());
    };

    test('is checked with the key beside it, which is named so that it can be compared', () => {
      expect(verified(signed()).sound[0]).toMatch(/signed with the key beside it: compare SHA-256 [0-9a-f]{64}$/);
    });

    test('is checked with a given key, whatever lies beside it', () => {
      expect(verified(signed(), pem()).problems).toEqual([]);
      expect(verified(signed(), pem(foreign)).problems).toEqual([
        'reports/2026-11-23: manifest.json or manifest.sig has been changed, or another key has signed',
      ]);
      expect(verified(aFolder(), pem()).problems).toEqual([
        'reports/2026-11-23: manifest.sig is gone: nothing is signed',
      ]);
    });

    test('of which a byte was changed is named, also where a lenient reader would not see it', () => {
      for (const change of [(text: string) => `${text}*`, (text: string) => text.replace('M', 'N')]) {
        const files = signed();
        files.set(in_('manifest.sig'), change(files.get(in_('manifest.sig')) ?? ''));
        expect(verified(files, pem()).problems).toEqual([
          'reports/2026-11-23: manifest.json or manifest.sig has been changed, or another key has signed',
        ]);
      }
    });

    test('that the manifest names and that is gone, or whose key is another, is told without a given key too', () => {
      const named = () => aFolder(pem());
      expect(verified(named()).problems).toEqual(['reports/2026-11-23: manifest.sig is gone: nothing is signed']);
      for (const beside of [pem(foreign), 'not a key']) {
        const files = named().set(in_('manifest.sig'), 'MEUC').set(in_('signing-key.pem'), beside);
        expect(verified(files, pem()).problems).toEqual([
          'reports/2026-11-23: signing-key.pem is not the key that manifest.json names',
        ]);
      }
    });

    test('does not cover another manifest', () => {
      const files = signed();
      files.set(in_('manifest.json'), `${files.get(in_('manifest.json'))} `);
      expect(verified(files).problems).toEqual([
        'reports/2026-11-23: manifest.json or manifest.sig has been changed, or another key has signed',
      ]);
    });
  });
});
