import { recordKey } from '../../lambda/evidence/record-key.ts';
import { aRecord } from '../lambda/evidence/a-record.ts';
import { aChain } from '../lambda/reports/a-chain.ts';

/** A large site: so many hosts, each with a secret, a node and a chain of records, made when they are asked for. */
export interface Size {
  readonly hosts: number;
  readonly recordsEach: number;
  /** One host in so many has no encryption. */
  readonly openEvery: number;
}

/** Who is asked, and for what; each has a time to answer of its own (times.ts). */
export interface Answer {
  readonly call: string;
  readonly status?: number;
  readonly text: string;
}

const perPage = { objects: 1_000, secrets: 100 };
const key = 'a'.repeat(64);
/** As a node tells it of that key (lambda/rotation/psk.ts). */
export const fingerprint = 'ffe054fe7ae0';
const arnPrefix = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:zabbix-psk/';

export const accessSecret = 'zabbix-access';

export function answersOf({ hosts, recordsEach, openEvery }: Size) {
  const names = Array.from({ length: hosts }, (_, index) => `srv-${String(index).padStart(5, '0')}`);
  const nodeOf = (name: string) => `mi-${name.slice(4).padStart(17, '0')}`;
  const chains = chainsAsTheyAreAsked(recordsEach);
  const placeOf = (index: number) => [Math.floor(index / recordsEach), (index % recordsEach) + 1] as const;

  function s3(method: string, url: URL): Answer {
    if (method === 'PUT') return { call: 's3 PutObject', text: '' };
    const prefix = url.searchParams.get('prefix');
    const [, , ...path] = decodeURIComponent(url.pathname).split('/');
    if (prefix === null) return { call: 's3 GetObject', text: chains(path.join('/')) };
    if (prefix !== 'records/') return { call: 's3 ListObjectsV2', text: '<ListBucketResult></ListBucketResult>' };
    const from = Number(url.searchParams.get('continuation-token') ?? 0);
    const to = Math.min(from + perPage.objects, hosts * recordsEach);
    const keys = Array.from({ length: to - from }, (_, index) => {
      const [host, place] = placeOf(from + index);
      return `<Contents><Key>${recordKey(`zabbix-psk/${names[host]}`, place)}</Key></Contents>`;
    });
    const more = to < hosts * recordsEach ? `<NextContinuationToken>${to}</NextContinuationToken>` : '';
    return { call: 's3 ListObjectsV2', text: `<ListBucketResult>${keys.join('')}${more}</ListBucketResult>` };
  }

  function listSecrets(from: number): unknown {
    const to = Math.min(from + perPage.secrets, hosts);
    const SecretList = names.slice(from, to).map((name) => ({
      ...{ ARN: `${arnPrefix}${name}-AbCdEf`, Name: `zabbix-psk/${name}`, RotationEnabled: true },
      RotationRules: { ScheduleExpression: 'cron(0 3 1 * ? *)' },
      SecretVersionsToStages: { [versionOf(name, 'c')]: ['AWSCURRENT'], [versionOf(name, 'p')]: ['AWSPREVIOUS'] },
      ...{ CreatedDate: 1_735_700_000, LastChangedDate: 1_764_500_000, LastRotatedDate: 1_764_500_000 },
      NextRotationDate: 1_893_456_000,
    }));
    return { SecretList, ...(to < hosts ? { NextToken: String(to) } : {}) };
  }

  function secretValue(SecretId: string): unknown {
    if (SecretId === accessSecret) return { SecretString: '{"token":"t"}' };
    const name = SecretId.slice(arnPrefix.length, -'-AbCdEf'.length);
    const targets = [{ kind: 'host', name, node: nodeOf(name) }];
    return { SecretString: JSON.stringify({ identity: name, psk: key, targets }) };
  }

  function invocation(commandId: string, node: string): unknown {
    const name = `srv-${node.slice(-5)}`;
    const reply = {
      ...{ zabbixPsk: 1, verb: 'inspect', versionId: commandId.slice('c-'.length), clockMs: 1, outcome: 'inspected' },
      ...{ says: 'zabbix_agent2 runs.', agent: 'zabbix_agent2', version: '7.0.22', identity: name, fingerprint },
      ...{ keyFile: '/etc/zabbix/agent.psk', keyMode: '0400', keyOwner: 'zabbix:zabbix', keyBytes: 32, running: true },
    };
    return { Status: 'Success', StatusDetails: 'Success', StandardOutputContent: `${JSON.stringify(reply)}\n` };
  }

  function aws(target: string, body: Record<string, unknown>): Answer {
    const call = target.replace(/^\w+\./, '');
    const text = (value: unknown) => ({ call, text: JSON.stringify(value) });
    switch (call) {
      case 'ListSecrets':
        return text(listSecrets(Number(body.NextToken ?? 0)));
      case 'GetSecretValue':
        return text(secretValue(String(body.SecretId)));
      case 'SendCommand': {
        const { versionId } = Object(body.Parameters);
        return text({ Command: { CommandId: `c-${versionId}` } });
      }
      case 'GetCommandInvocation':
        return text(invocation(String(body.CommandId), String(body.InstanceId)));
      default:
        return { call, status: 501, text: JSON.stringify({ __type: 'NotImitated' }) };
    }
  }

  function host(index: number): unknown {
    const open = index % openEvery === 0;
    const name = names[index];
    return {
      ...{ hostid: String(index), host: name, name, status: '0', active_available: '1', proxyid: '0' },
      ...{ tls_connect: open ? '1' : '2', tls_accept: open ? '1' : '2', interfaces: [{ type: '1' }] },
    };
  }

  function zabbix(method: string, params: Record<string, unknown>): Answer {
    const text = (result: unknown, call = method) => ({
      call,
      text: JSON.stringify({ jsonrpc: '2.0', result, id: 1 }),
    });
    const { filter, hostids } = params;
    switch (method) {
      case 'apiinfo.version':
        return text('7.0.22');
      case 'host.get':
        if (Array.isArray(hostids))
          return text(
            hostids.map((id) => host(Number(id))),
            'host.get, a page',
          );
        if (filter === undefined)
          return text(
            names.map((_, index) => ({ hostid: String(index) })),
            'host.get, all ids',
          );
        return text([{ host: [Object(filter).tls_psk_identity].flat()[0] }], 'host.get, by key');
      case 'autoregistration.get':
        return text({ tls_accept: '2' });
      default:
        return text([]);
    }
  }

  return { s3, aws, zabbix };
}

/** 36 letters, as Secrets Manager's own. */
function versionOf(name: string, letter: string): string {
  return `${letter.repeat(27)}${name}`;
}

/** The records of one secret are asked for one after the other, and of some secrets at a time. */
function chainsAsTheyAreAsked(recordsEach: number): (key: string) => string {
  const made = new Map<string, Map<string, string>>();
  return (wanted) => {
    const secret = wanted.slice('records/'.length, wanted.lastIndexOf('/'));
    let chain = made.get(secret);
    if (chain === undefined) {
      const name = secret.slice('zabbix-psk/'.length);
      chain = aChain(secret, recordsEach, { targets: aRecord().targets.map((target) => ({ ...target, name })) });
      made.set(secret, chain);
      if (made.size > 256) made.delete(made.keys().next().value ?? '');
    }
    return chain.get(wanted) ?? '';
  };
}
