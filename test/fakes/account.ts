import { keepRecords } from '../../lambda/evidence/archive.ts';
import { fingerprintsWith } from '../../lambda/evidence/fingerprint.ts';
import { fleetByRunCommand } from '../../lambda/fleet/fleet.ts';
import { type ReloadNodes, reloaderByRunCommand } from '../../lambda/fleet/reloader.ts';
import type { Fact, Patience, Ports } from '../../lambda/rotation/ports.ts';
import { FakeBucket } from './bucket.ts';
import type { FakeClock } from './clock.ts';
import { Hearing } from './hearing.ts';
import { type Conduct, Invocation } from './invocation.ts';
import { fakeMonitor } from './monitor.ts';
import { FakeNode } from './node.ts';
import { fakeRunCommand } from './run-command.ts';
import { fakeSecretStore } from './secret-store.ts';
import { type FakeSecret, FakeSecretsManager } from './secrets-manager.ts';
import { type FakeHost, FakeServer } from './site.ts';
import { FakeSystemsManager } from './systems-manager.ts';
import { FakeZabbix } from './zabbix.ts';

const fingerprints = fingerprintsWith('the HMAC key of the fakes, long enough');
const endedBy = { task: 'rotate', function: 'fake', version: '1', codeSha256: null, logStream: null } as const;

export const patience: Patience = { serverWaitMs: 150_000, agentStartMs: 20_000, proveMs: 120_000 };

/** An AWS account, a Zabbix and their hosts, and the functions that run among them. */
export class FakeAccount {
  readonly clock: FakeClock;
  readonly hosts: readonly FakeHost[];
  readonly server: FakeServer;
  readonly zabbix: FakeZabbix;
  readonly nodes: readonly FakeNode[];
  readonly secretsManager: FakeSecretsManager;
  readonly systems: FakeSystemsManager;
  readonly facts: Fact[] = [];
  readonly bucket = new FakeBucket();
  /** What the operator has told of server and proxies. */
  reload: ReloadNodes = { servers: [], proxies: new Map() };
  /** How long the functions wait for others. */
  patience: Patience = patience;
  /** What a test puts between the story and its ports. */
  between: (ports: Ports) => Ports = (ports) => ports;

  constructor(
    hosts: readonly FakeHost[],
    secrets: readonly FakeSecret[],
    clock: FakeClock,
    /** Machines of Zabbix' own, of which no secret speaks. */
    others: readonly FakeHost[] = [],
  ) {
    this.clock = clock;
    this.hosts = hosts;
    this.server = new FakeServer(hosts, clock);
    const hearing = new Hearing(this.server, clock);
    this.zabbix = new FakeZabbix(this.server, hearing);
    const all = [...hosts, ...others];
    const onNode = all.filter((host, at) => all.findIndex(({ node }) => node === host.node) === at);
    this.nodes = onNode.map((first) => {
      const beside = hosts.filter((host) => host !== first && host.node === first.node);
      return new FakeNode([first, ...beside], this.server, hearing, clock);
    });
    this.secretsManager = new FakeSecretsManager(secrets);
    this.systems = new FakeSystemsManager(this.nodes, this.secretsManager.keys, clock);
  }

  invocation(conduct?: Conduct): Invocation {
    return new Invocation(this.clock, conduct);
  }

  portsOf(invocation: Invocation): Ports {
    const { clock, patience } = this;
    const commands = fakeRunCommand(invocation, this.systems);
    let known: typeof fingerprints | undefined;
    const readFingerprints = () =>
      invocation.call(
        'secretsmanager:GetSecretValue of the fingerprints',
        () => fingerprints,
        () => new Error('Rate exceeded'),
      );
    const own = { now: () => clock.now(), sleep: (ms: number) => invocation.sleep(ms) };
    return this.between({
      secrets: fakeSecretStore(invocation, this.secretsManager),
      fleet: fleetByRunCommand(commands, patience, own),
      reloader: reloaderByRunCommand(commands, this.reload),
      monitor: fakeMonitor(invocation, this.zabbix),
      clock: own,
      patience,
      archive: {
        append: async (fact) => {
          if (!invocation.alive) return new Promise(() => undefined);
          this.facts.push(fact);
        },
        ...keepRecords({
          bucket: this.bucket.of(invocation),
          // Those of an environment that has read them once are known there (lambda/wire.ts).
          fingerprints: async () => (known ??= await readFingerprints()),
          endedBy,
          document: (verb) =>
            invocation.call(
              `ssm:DescribeDocument ${verb}`,
              () => ({ name: verb, version: '1', hash: '0'.repeat(64) }),
              () => new Error('Rate exceeded'),
            ),
          log: { append: async (fact) => void this.facts.push(fact) },
        }),
      },
    });
  }
}
