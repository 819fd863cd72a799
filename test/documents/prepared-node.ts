import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  aRunningNode,
  fingerprint,
  inSeconds,
  type NodeOptions,
  newKey,
  oldKey,
  sealed,
  stateDirectory,
  type ThrowAwayNode,
} from './throw-away-node.ts';

export const keyFile = '/etc/zabbix/psk.key';
export const proxyConfig = '/etc/zabbix/zabbix_proxy.conf';
export const dropIn = '/etc/zabbix/zabbix_agentd.conf.d/psk.conf';
const keyPair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;

export const bothAccepted = `web-01.old ${oldKey}\nweb-01.new ${newKey}\n`;

/** A node that is prepared to go from the old key to the new one, and the verbs with what the function would send. */
export async function aPreparedNode(options: NodeOptions & { readonly before?: (node: ThrowAwayNode) => void } = {}) {
  const node = await aRunningNode(options);
  node.write('/etc/zabbix/server-accepts', bothAccepted);
  options.before?.(node);
  spareKeyPair(node);
  const { proxy } = options;
  const programs = { config: proxy === 'alone' ? 'none' : 'auto', proxyConfig: proxy === undefined ? 'none' : 'auto' };
  const prepare = (values: Parameters<ThrowAwayNode['run']>[1] = {}) =>
    node.run('prepare', {
      ...programs,
      currentFingerprint: fingerprint(oldKey),
      notAfter: inSeconds(60),
      ...values,
    });
  const prepared = await prepare();
  expect(prepared.reply).toMatchObject({ outcome: 'prepared' });
  const waits = () => ({ notAfter: inSeconds(60), serverWaitS: '20', agentStartS: '1' });
  return {
    node,
    prepare,
    switch: (values: Parameters<ThrowAwayNode['run']>[1] = {}) =>
      node.run('switch', {
        fingerprint: fingerprint(newKey),
        identity: 'web-01.new',
        sealedKey: sealed(newKey, prepared.reply.publicKey),
        gate: 'shadow-agent',
        ...waits(),
        ...values,
      }),
    restore: (values: Parameters<ThrowAwayNode['run']>[1] = {}) =>
      node.run('restore', { ...programs, gate: 'shadow-agent', ...waits(), ...values }),
    forget: (key: string) => node.run('forget', { ...programs, fingerprint: fingerprint(key) }),
    runsAs: () => lastRun(node.read('/var/log/agent.log')),
    proxyRunsAs: () => lastRun(node.read('/var/log/proxy.log')),
    phase: () => node.read(`${stateDirectory}/phase`).trim(),
    until: (phase: string) => eventually(phase, () => node.read(`${stateDirectory}/phase`).trim() === phase),
    appears: (path: string) => eventually(path, () => node.has(path)),
  };
}

function lastRun(log: string): string | undefined {
  return log.match(/runs as \S+(?![\s\S]*runs as)/)?.[0];
}

export const untouched = (node: ThrowAwayNode) => {
  expect(node.read(keyFile)).toBe(`${oldKey}\n`);
  expect(node.has(`${keyFile}.next`)).toBe(false);
  expect(node.read(dropIn)).toContain('TLSPSKIdentity=web-01.old\n');
};

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 1000) throw new Error(`waited 10 s in vain for: ${what}`);
    await sleep(10);
  }
}

/** Making a key pair takes a node up to two seconds; one that is there already is kept. */
export function spareKeyPair(node: ThrowAwayNode): void {
  node.write(`${stateDirectory}/rsa.pem`, keyPair, 0o600);
  node.sh(`chmod 700 ${stateDirectory}`);
}
