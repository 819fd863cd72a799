import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import type { HostFault } from '../hosts/faults.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { ZabbixVersion } from '../release.ts';
import { startZabbix, type ZabbixLab } from '../zabbix/zabbix-lab.ts';

const debian = { '6.0': '12', '7.0': '13' } as const;
const newPsk = randomBytes(32).toString('hex');

/** The host that the labs rotate: as the SSM agent and Debian's packages have it, and broken by name. */
export function smallHostsOf(version: ZabbixVersion): void {
  describe(`a small host of Zabbix ${version}`, () => {
    let lab: ZabbixLab;
    beforeAll(async () => {
      // After a failed check the server tries again after a second, not after 15.
      lab = await startZabbix({ version, server: { parameters: { UnreachableDelay: '1' } } });
    });
    afterAll(() => lab.stop());

    test('runs a script as the SSM agent does', async () => {
      const host = await lab.host({ name: 'node-1', awaitValues: false });
      const script = 'env; pwd; umask; id -u; cat; echo again >/dev/stdout; echo beside >&2; exit 3';
      const end = await host.start(script, { commandId: 'c-1', step: 'run', environment: { SSM_gate: 'now; $(id)' } })
        .ended;
      expect(end).toMatchObject({ exitCode: 3, stderr: 'beside\n' });
      expect(end.stdout.split('\n').toSorted()).toEqual(
        [
          ...[
            'AWS_SSM_PLATFORM_NAME=Debian GNU/Linux',
            `AWS_SSM_PLATFORM_VERSION=${debian[version]}`,
            'AWS_SSM_REGION_NAME=eu-central-1',
          ],
          ...[`AWS_SSM_INSTANCE_ID=${host.instanceId}`, 'SSM_COMMAND_ID=c-1', 'SSM_gate=now; $(id)', 'LANG=C.UTF-8'],
          ...['PWD=/usr/bin', '/usr/bin', '0022', '0', 'again', ''],
          'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        ].toSorted(),
      );
      const orchestration = `/var/lib/amazon/ssm/${host.instanceId}/document/orchestration/c-1`;
      expect(host.machine.read(`${orchestration}/run/_script.sh`)).toBe(`${script}\n`);
      expect(host.mode(`${orchestration}/run/_script.sh`)).toBe('700');
      expect(host.machine.read(`${orchestration}/awsrunShellScript/run/stderr`)).toBe('beside\n');
      expect(host.mode(`${orchestration}/awsrunShellScript/run/stdout`)).toBe('600');
    });

    test('loses the whole process group to a kill, but not what left it', async () => {
      const host = await lab.host({ name: 'node-2', awaitValues: false });
      const script = `trap 'touch /tmp/trapped' TERM EXIT
        (while :; do touch /tmp/in-group; sleep 0.01; done) &
        setsid sh -c 'exec >/dev/null 2>&1; while :; do touch /tmp/survivor; sleep 0.01; done' &
        while :; do sleep 0.01; done`;
      const running = host.start(script, { commandId: 'c-2', step: 'run', environment: {} });
      await eventually('both children work', () => host.exists('/tmp/in-group') && host.exists('/tmp/survivor'));
      running.kill();
      expect(await running.ended).toMatchObject({ exitCode: null });
      await host.machine.must(['rm', '/tmp/in-group', '/tmp/survivor']);
      await eventually('the survivor goes on', () => host.exists('/tmp/survivor'));
      expect([host.exists('/tmp/in-group'), host.exists('/tmp/trapped')]).toEqual([false, false]);
      await eventually('all zombies are reaped', async () => (await zombies(host)).length === 0, { withinS: 2 });
    });

    test('can be set up as a host of the field, with exactly its parameters', async () => {
      const psk = randomBytes(128).toString('hex');
      const host = await lab.host({ name: 'zbx-agent-active-rocky', psk, checks: 'active' });
      expect(host.machine.read(host.paths.config)).toContain('\nTLSPSKIdentity=zbx-agent-active-rocky\n');
      expect(host.keyInPlace()).toBe(psk);
      expect((await host.machine.must(['stat', '-c', '%a %U:%G', '/etc/zabbix/agent.psk'])).trim()).toBe(
        '400 zabbix:zabbix',
      );
    });

    test.concurrent.each([
      { tlsPlace: 'drop-in', agent: 'zabbix_agentd', server: '0.0.0.0/0', serverActive: null, checks: 'passive' },
      {
        tlsPlace: 'both',
        agent: 'zabbix_agent2',
        keyFile: { path: '/etc/zabbix/keys/psk', owner: 'root:zabbix', mode: '0440' },
      },
      { psk: null, agent: 'zabbix_agentd' },
    ] as const)('can be arranged otherwise: %o', async (options) => {
      await lab.host({ name: `other-${options.agent}-${'psk' in options ? 'plain' : 'psk'}`, ...options });
    });

    test.concurrent.each([
      { fault: 'cannotStartWithNewKey', up: false, agent: 'zabbix_agent2' },
      { fault: 'cannotStartWithNewKey', up: false, agent: 'zabbix_agentd' },
      { fault: 'hangsAfterStart', up: true, agent: 'zabbix_agent2' },
      { fault: 'hangsAfterStart', up: true, agent: 'zabbix_agentd' },
    ] as const)('$agent that $fault is well with the old key only', async ({ fault, up, agent }) => {
      const host = await lab.host({ name: `${fault}-${agent}`, agent, passiveEveryS: 1, checks: 'passive' });
      await host.inflict(fault);
      await host.restartAgent();
      await host.awaitValues(Date.now());

      await host.giveAgent({ identity: `${host.computerName}.next`, psk: newPsk });
      await host.giveZabbix({ identity: `${host.computerName}.next`, psk: newPsk });
      await host.stopAgent();
      await host.beginToStartAgent();
      await eventually(`the agent is ${up ? 'up' : 'down'}`, async () => (await host.agentRuns()) === up);
      await eventually('the server hears nothing', () =>
        lab.server.log().includes(`on host "${host.computerName}" failed: first network error`),
      );

      await host.giveAgent(host.credential);
      await host.giveZabbix(host.credential);
      await host.restartAgent();
      await host.awaitValues(Date.now());
    });

    test.concurrent.each([
      {
        fault: 'keyFileUnreadable',
        shows: 'setpriv --reuid=zabbix --regid=zabbix --clear-groups cat /etc/zabbix/agent.psk',
      },
      { fault: 'noOpenssl', shows: 'openssl version' },
      { fault: 'diskFull', shows: 'echo x >/etc/zabbix/next.$$' },
      { fault: 'withoutPsk', shows: 'grep -r ^TLS /etc/zabbix/zabbix_agent2.conf' },
      { fault: 'readOnlyConfiguration', shows: 'touch /etc/zabbix/agent.psk.next' },
    ] as const satisfies readonly { fault: HostFault; shows: string }[])(
      'breaks by name: $fault',
      async ({ fault, shows }) => {
        const host = await lab.host({ name: `broken-${fault}`, awaitValues: false });
        const before = await host.machine.run(['sh', '-c', shows]);
        await host.inflict(fault);
        expect((await host.machine.run(['sh', '-c', shows])).exitCode).not.toBe(0);
        expect(await host.agentRuns()).toBe(true);
        expect(before.exitCode).toBe(0);
      },
    );

    test('leaves traces that are found, in files and in arguments', async () => {
      const host = await lab.host({ name: 'careless', awaitValues: false });
      const needle = randomBytes(16);
      const sampler = await lab.sampleArguments();
      const careless = host.machine.must([
        'sh',
        '-c',
        `echo ${needle.toString('hex')} >/var/tmp/left; until [ -e /root/raw ]; do sleep 0.05; done`,
      ]);
      await eventually('the key lies in a file', () => host.exists('/var/tmp/left'));
      const seen = await sampler.stop();
      writeFileSync(host.machine.path('/root/raw'), needle);
      await careless;
      expect([...seen].filter((argv) => argv.includes(needle.toString('hex')))).not.toEqual([]);
      const found = await lab.search({ hex: needle.toString('hex'), raw: needle, absent: randomBytes(16) });
      expect(found).toEqual([
        { machine: 'careless', path: '/root/raw', needle: 'raw', where: 'content' },
        { machine: 'careless', path: '/var/tmp/left', needle: 'hex', where: 'content' },
      ]);
    });

    test('is heard again after the server was restarted with other settings', async () => {
      const host = await lab.host({ name: 'steady', agent: 'zabbix_agentd', checks: 'passive', passiveEveryS: 1 });
      await lab.server.restart({ cacheUpdateFrequencyS: 1 });
      await host.awaitValues(Date.now());
    });
  });
}

async function zombies(host: SmallHost): Promise<string[]> {
  const processes = (await host.machine.must(['ps', '-e', '-o', 'stat=,comm='])).split('\n');
  return processes.filter((line) => line.startsWith('Z'));
}
