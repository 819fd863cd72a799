import { Refusal, ZabbixRefused, ZabbixUnreachable } from '../errors.ts';
import type { Credential, MonitoredHost } from '../rotation/model.ts';
import { encryption } from './encryption.ts';
import { autoregistrationReply } from './objects.ts';
import type { ProxyApi } from './proxies.ts';
import { given } from './psk-fields.ts';

/** Zabbix' autoregistration in the words of the story. No version tells which key it holds, in an answer or in a filter. */
export function autoregistrationOf({ timed, call }: Pick<ProxyApi, 'timed' | 'call'>) {
  return {
    /** @throws {Refusal} where the API user may not ask */
    async find(): Promise<MonitoredHost> {
      const { found, dateS } = await timed(
        'autoregistration.get',
        { output: ['tls_accept'] },
        autoregistrationReply,
      ).catch(asRefusal);
      if (!Number.isFinite(dateS))
        throw new ZabbixUnreachable('Zabbix answers without a Date header, so its time is not known');
      return {
        kind: 'autoregistration',
        hostId: 'autoregistration',
        name: 'autoregistration',
        enabled: true,
        connect: 'none',
        accept: encryption(found.tls_accept),
        reachable: undefined,
        behindProxy: false,
        silenced: false,
        seen: { serverS: dateS },
        witness: undefined,
      };
    },

    /** What else it takes stays as it is: a field that is left out is not changed (docs/zabbix-versions.md). */
    async give(credential: Credential): Promise<void> {
      await call('autoregistration.update', given(credential));
    },
  };
}

function asRefusal(error: unknown): never {
  if (!(error instanceof ZabbixRefused)) throw error;
  throw new Refusal(
    'AUTOREGISTRATION_REFUSED',
    `Zabbix does not let our API user see autoregistration (${error.message}); give it the role of docs/zabbix-role-proxies-6.0.json or -7.0.json: a super admin that may call autoregistration.get and autoregistration.update`,
    { cause: error },
  );
}
