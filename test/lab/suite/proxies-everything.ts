import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArgvSampler } from '../argv-sampler.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ZabbixVersion } from '../release.ts';
import { behindProxy, secretsOfBehindProxy } from './behind-proxy.ts';
import { leaks } from './leaks.ts';
import { proxies, secretsOfProxies } from './proxies.ts';
import { proxyGroup, secretsOfProxyGroup } from './proxy-group.ts';
import { secretsOfSetupA, setupA } from './setup-a.ts';
import { secretsOfSharedKey, sharedKey } from './shared-key.ts';
import { tlsLibraries } from './tls-libraries.ts';

/**
 * What concerns proxies, in a lab of its own: the service's user may more there than where only hosts are rotated.
 *
 * @param chosen `setup-a`: the remote site alone, for `npm test`; `everything`: for the long run
 */
export function proxiesOn(version: ZabbixVersion, chosen: 'setup-a' | 'everything'): void {
  const all = chosen === 'everything';
  const hasGroups = all && version !== '6.0';
  describe(`proxies of Zabbix ${version}`, () => {
    let running: Lab | undefined;
    let sampler: ArgvSampler | undefined;
    const started = <T>(thing: T | undefined): T => {
      if (thing === undefined) throw new Error('the lab did not start');
      return thing;
    };
    const lab = () => started(running);

    beforeAll(async () => {
      running = await startLab({
        version,
        rotates: 'proxies',
        // 6.0 hands a passive proxy its configuration once in an hour by default.
        server: { cacheUpdateFrequencyS: 6, parameters: { ProxyConfigFrequency: '5' } },
        timeouts: { serverWaitS: 60, agentStartS: 10, proveTimeoutS: 150 },
        secrets: [
          ...secretsOfSetupA,
          ...(all ? [...secretsOfProxies, ...secretsOfBehindProxy, ...secretsOfSharedKey] : []),
          ...(hasGroups ? secretsOfProxyGroup : []),
        ],
      });
      sampler = await running.zabbix.sampleArguments();
    });
    afterAll(() => running?.stop());

    describe.concurrent('side by side', () => {
      setupA(lab);
      if (!all) return;
      sharedKey(lab);
      proxies(lab);
      behindProxy(lab, version);
      if (hasGroups) proxyGroup(lab);
    });
    tlsLibraries(lab);
    // It counts first whether there was enough to search.
    if (all) leaks(lab, () => started(sampler));

    test('nothing was asked of the stand-in that it does not imitate, and nothing broke in it', () => {
      expect(lab().cloud.unsupported).toEqual([]);
      expect(lab().cloud.breakdowns).toEqual([]);
    });
  });
}
