import type { Door } from '../../lambda/contract.ts';
import { spareKeyPair } from './prepared-node.ts';
import {
  aNode,
  fingerprint,
  inSeconds,
  type NodeOptions,
  newKey,
  sealed,
  stateDirectory,
  type ThrowAwayNode,
} from './throw-away-node.ts';

export const agentd = '/etc/zabbix/zabbix_agentd.conf';
export const keyFile = '/etc/zabbix/zabbix_agentd.psk';

/** As an administrator writes it, somewhere before the lines of a first key. */
export const withCertificate = [
  'TLSConnect=cert',
  'TLSAccept = cert',
  'TLSCAFile=/etc/zabbix/tls/ca.pem',
  'TLSCertFile=/etc/zabbix/tls/own.pem',
  'TLSKeyFile=/etc/zabbix/tls/own.key',
  'TLSServerCertIssuer=CN=Peers,O=Example',
  '',
].join('\n');

interface Options extends NodeOptions {
  /** Its program uses certificates. */
  readonly certificate?: boolean;
  readonly takes?: Door;
  readonly before?: (node: ThrowAwayNode) => void;
}

/** A node whose program runs without a PSK, and the verbs with what the function would send for its first one. */
export async function aNodeWithoutKey({ takes = 'only-psk', certificate = false, before, ...options }: Options = {}) {
  const { agent = 'zabbix_agentd', proxy } = options;
  const program = proxy === 'alone' ? 'zabbix_proxy' : agent;
  const node = await aNode(options);
  node.sh('rm -f /etc/zabbix/zabbix_agentd.conf.d/psk.conf /etc/zabbix/zabbix_agent2.d/psk.conf /etc/zabbix/psk.key');
  if (proxy === 'alone') {
    const file = '/etc/zabbix/zabbix_proxy.conf';
    node.write(file, node.read(file).replaceAll(/^TLS.*\n/gm, ''));
  }
  const without = certificate ? 'certificate' : 'unencrypted';
  node.write('/etc/zabbix/server-accepts', `${without}\nweb-01.new ${newKey}\n`);
  if (certificate) {
    const file = proxy === 'alone' ? '/etc/zabbix/zabbix_proxy.conf' : `/etc/zabbix/${agent}.conf`;
    node.write(file, `${withCertificate}${node.read(file)}`);
  }
  before?.(node);
  const services = { zabbix_agentd: 'zabbix-agent', zabbix_agent2: 'zabbix-agent2', zabbix_proxy: 'zabbix-proxy' };
  const start = `/etc/init.d/${services[program]} start; for i in $(seq 100); do [ -s /run/${program}.pid ] && break; sleep 0.02; done`;
  node.sh(start);
  spareKeyPair(node);
  const programs =
    proxy === 'alone'
      ? { config: 'none', proxyConfig: 'auto' }
      : ({ config: 'auto', proxyConfig: 'none' } satisfies Record<string, string>);
  const asked = { ...programs, firstEncryption: takes };
  const waits = () => ({ notAfter: inSeconds(60), serverWaitS: '20', agentStartS: '1' });
  const prepare = (values: Parameters<ThrowAwayNode['run']>[1] = {}) =>
    node.run('prepare', { ...asked, currentFingerprint: without, notAfter: inSeconds(60), ...values });
  let publicKey: unknown;
  return {
    node,
    async prepare(values: Parameters<ThrowAwayNode['run']>[1] = {}) {
      const prepared = await prepare(values);
      publicKey = prepared.reply.publicKey;
      return prepared;
    },
    inspect: (values: Parameters<ThrowAwayNode['run']>[1] = asked) => node.run('inspect', { ...programs, ...values }),
    switch: (values: Parameters<ThrowAwayNode['run']>[1] = {}) =>
      node.run('switch', {
        fingerprint: fingerprint(newKey),
        identity: 'web-01.new',
        sealedKey: sealed(newKey, publicKey),
        gate: 'shadow-agent',
        ...waits(),
        ...values,
      }),
    restore: (values: Parameters<ThrowAwayNode['run']>[1] = {}) =>
      node.run('restore', { ...asked, gate: 'shadow-agent', ...waits(), ...values }),
    forget: (inPlace: string) => node.run('forget', { ...asked, fingerprint: inPlace }),
    phase: () => node.read(`${stateDirectory}/phase`).trim(),
    runsAs: () =>
      node
        .read(proxy === 'alone' ? '/var/log/proxy.log' : '/var/log/agent.log')
        .match(/runs as \S+(?![\s\S]*runs as)/)?.[0],
    async until(phase: string) {
      for (let tries = 0; !node.has(`${stateDirectory}/phase`) || this.phase() !== phase; tries += 1) {
        if (tries > 1000) throw new Error(`waited 10 s in vain for: ${phase}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

export const filesOf = (node: ThrowAwayNode) => node.sh('ls -A /etc/zabbix /etc/zabbix/*.d');
