import { withParameters } from '../configuration-file.ts';
import type { Machine } from '../machine.ts';
import type { Release } from '../release.ts';
import { certificateParameters } from '../zabbix/authority.ts';
import type { Credential } from '../zabbix/monitored-host.ts';
import type { ProxyMode } from '../zabbix/monitored-proxy.ts';
import type { KeyFile } from './agent-configuration.ts';
import { type ProxyBackend, proxy, proxyBackends } from './proxy.ts';

export interface ProxySettings {
  readonly name: string;
  readonly mode: ProxyMode;
  readonly backend: ProxyBackend;
  readonly ip: string;
  readonly server: string;
  /** seconds; null: the release's default */
  readonly configFrequencyS: number | null;
  readonly credential: Credential | null;
  readonly keyFile: KeyFile;
}

/** Lays the files of Debian's package over the machine's root, as dpkg and the package's postinst do. */
export async function installProxy(machine: Machine, backend: ProxyBackend): Promise<void> {
  const name = proxyBackends[backend].package;
  const shell = `tar -C '/opt/zabbix-proxy/${name}' -c . | tar -C / -x --keep-directory-symlink
    cp -p '/usr/share/zabbix-proxy-${name}/zabbix_proxy.conf' ${proxy.config}
    chown -R zabbix:zabbix /var/log/zabbix-proxy
    mkdir -p /var/lib/zabbix && chown zabbix:www-data /var/lib/zabbix
    rm -r /opt/zabbix-proxy`;
  await machine.must(['bash', '-c', `set -eu -o pipefail; ${shell}`]);
}

/** Writes the proxy's configuration into Debian's own file, as an administrator edits it, and its key file. */
export async function configureProxy(machine: Machine, release: Release, settings: ProxySettings): Promise<void> {
  const { mode, credential, keyFile } = settings;
  const parameters = {
    ProxyMode: mode === 'active' ? '0' : '1',
    Server: settings.server,
    Hostname: settings.name,
    ListenIP: settings.ip,
    SourceIP: settings.ip,
    ...proxyBackends[settings.backend].parameters,
    ...(settings.configFrequencyS === null
      ? {}
      : { [release.proxies.configFrequency]: `${settings.configFrequencyS}` }),
    ...(credential === null
      ? {}
      : {
          [mode === 'active' ? 'TLSConnect' : 'TLSAccept']: 'psk',
          TLSPSKIdentity: credential.identity,
          TLSPSKFile: keyFile.path,
        }),
  };
  machine.write(proxy.config, withParameters(machine.read(proxy.config), parameters));
  machine.write(proxy.dropIn, fewProcesses);
  if (credential === null) return;
  machine.write(keyFile.path, `${credential.psk}\n`, 0o600);
  await machine.must(['chown', keyFile.owner, keyFile.path]);
  await machine.must(['chmod', keyFile.mode, keyFile.path]);
}

/** As an administrator has it who lets both ends show certificates. */
export function useCertificate(machine: Machine, mode: ProxyMode): void {
  const parameters = { [mode === 'active' ? 'TLSConnect' : 'TLSAccept']: 'cert', ...certificateParameters };
  machine.write(proxy.config, withParameters(machine.read(proxy.config), parameters));
}

/** Less to start than by default: there are a few hosts behind a proxy of the lab. */
const fewProcesses = `StartPollers=2
StartPreprocessors=1
StartDiscoverers=0
StartHTTPPollers=0
StartTrappers=2
StartPingers=0
StartPollersUnreachable=1
`;
