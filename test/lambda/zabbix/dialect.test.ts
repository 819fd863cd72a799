import { expect, test } from 'vitest';
import { limitsOf } from '../../../lambda/zabbix/dialect.ts';

test.each([
  ['GnuTLS 3.8.9', 128, 256],
  ['OpenSSL 3.0.20 7 Apr 2026', 128, 256],
  ['OpenSSL 1.1.1n  15 Mar 2022', 127, 256],
  ['OpenSSL 1.1.1k  FIPS 25 Mar 2021', 127, 256],
  ['OpenSSL 1.1.1  11 Sep 2018', 127, 64],
  ['OpenSSL 1.1.1 FIPS  11 Sep 2018', 127, 64],
  ['OpenSSL 1.1.1', 127, 64],
  ['OpenSSL 1.1.0l  10 Sep 2019', 127, 256],
  ['OpenSSL 1.0.2k-fips  26 Jan 2017', 127, 256],
  ['LibreSSL 3.9.2', 127, 64],
  ['OpenSSL 1.1.10', 127, 64],
  ['', 127, 64],
])('"%s" takes identities of %i bytes and keys of %i', (tlsLibrary, identityBytes, keyBytes) => {
  expect(limitsOf(tlsLibrary)).toEqual({ identityBytes, keyBytes });
});
