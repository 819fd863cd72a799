/** What a first key must end with, whatever there was before it. */
import { expect } from 'vitest';
import type { SmallHost } from '../hosts/small-host.ts';
import type { SmallProxy } from '../hosts/small-proxy.ts';
import { leftOn, ownerAndMode } from './held.ts';

export async function sharesFirstKey(
  host: SmallHost,
  credential: { readonly identity: string; readonly psk: string },
): Promise<void> {
  expect(host.keyInPlace() === credential.psk).toBe(true);
  expect(host.identityInPlace()).toBe(credential.identity);
  expect(await host.zabbixHolds(credential)).toBe(true);
  expect(await ownerAndMode(host, host.keyFile)).toBe('zabbix:zabbix 400');
  expect(await leftOn(host)).toEqual([]);
  await host.awaitValues(Date.now());
}

/** Every file of the program, with its bytes, owner and mode. */
export function contents({ machine }: SmallHost | SmallProxy): Promise<string> {
  const shell = 'find /etc/zabbix -type f -exec sha256sum {} + -exec stat -c "%n %u:%g:%a" {} + | sort';
  return machine.must(['sh', '-c', shell]);
}
