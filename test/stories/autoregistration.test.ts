import { describe, expect, test } from 'vitest';
import { Refusal, RotationRolledBack, StillOpen, Stranded } from '../../lambda/errors.ts';
import { runStep } from '../../lambda/rotation/rotation.ts';
import { invoke } from '../fakes/lambda.ts';
import { aWorld, token, type World, type WorldOptions } from './world.ts';

/** The secret of autoregistration, and hosts that have registered with its key. */
function site(hosts: readonly string[] = [], options: WorldOptions = {}): World {
  return aWorld({ autoregistration: true, identity: 'autoreg', hosts, ...options });
}

const asksNoNode = (world: World) => expect(world.fleet.commands).toEqual([]);

test('an agent that Zabbix does not know yet registers with the new key, and not with the old one any more', async () => {
  const world = site();
  await world.rotate();

  expect(world.autoregistrationIsOn()).toBe('new/new');
  const { current } = world.secrets;
  expect(current?.identity).toMatch(/^autoreg\.[b-z2-9]{6}$/);
  expect(current !== undefined && world.server.registers(current)).toBe(true);
  expect(world.server.registers(world.value)).toBe(false);
  expect(world.secrets.unfinished).toBeUndefined();
  expect(world.ends()).toMatchObject([
    {
      outcome: 'rotated',
      targets: [
        {
          kind: 'autoregistration',
          target: 'autoregistration',
          gate: 'port-probe',
          proofs: { verdict: 'proven', oldKey: 'refused' },
        },
      ],
    },
  ]);
  asksNoNode(world);
});

test('hosts that have registered keep the old key, are heard all the while, and are named', async () => {
  const world = site(['web-1', 'web-2']);
  await world.rotate();

  expect(world.autoregistrationIsOn()).toBe('new/new');
  expect(world.keysInUse()).toEqual({ 'web-1': 'old/old', 'web-2': 'old/old' });
  for (const name of ['web-1', 'web-2']) expect(world.server.hears(world.host(name))).toBe(true);
  expect(world.server.registers(world.value)).toBe(false);
  expect(world.ends()).toMatchObject([
    {
      outcome: 'rotated',
      targets: [{ proofs: { verdict: 'proven', oldKey: 'kept', stillUsedBy: ['web-1', 'web-2'] } }],
    },
  ]);
  asksNoNode(world);
});

test('a second rotation follows the first', async () => {
  const world = site(['web-1']);
  await world.rotate();
  await world.rotate('token-of-the-next-rotation-000000000');
  expect(world.ends()).toMatchObject([
    { outcome: 'rotated' },
    { outcome: 'rotated', targets: [{ proofs: { oldKey: 'refused' } }] },
  ]);
  expect(world.server.registers(world.secrets.current ?? world.value)).toBe(true);
});

describe('the server does not take the key up in time', () => {
  test.each([[[]], [['web-1']]])(
    'with %j on the old key: Zabbix has the old key again, proven',
    async (hosts: string[]) => {
      const world = site(hosts);
      world.server.renews = false;
      await expect(world.rotate()).rejects.toThrow(RotationRolledBack);

      expect(world.autoregistrationIsOn()).toBe('old/old');
      expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
      expect(world.secrets.current).toEqual(world.value);
      expect(world.ends()).toMatchObject([
        {
          outcome: 'rolled-back',
          because: expect.stringMatching(/the Zabbix server had not taken up the key of autoregistration after 150 s/),
          targets: [{ proofs: { verdict: 'proven', oldKey: 'refused' } }],
        },
      ]);
    },
  );

  test('and takes it up while it is taken back: the old one is waited for, although hosts keep it alive at the port', async () => {
    const world = site(['web-1']);
    world.server.renewsAfterS = 149;
    const { monitor } = world.ports;
    const patient = monitor.serverUses;
    monitor.serverUses = async (...asked) => (world.autoregistrationIsOn() === 'new/new' ? false : patient(...asked));
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.autoregistrationIsOn()).toBe('old/old');
  });
});

describe('is refused before a key is minted', () => {
  test.each<[string, (world: World) => void, RegExp]>([
    [
      'where the server cannot be asked',
      (world) => {
        world.monitor.portIsOpen = false;
      },
      /nothing could be proven of autoregistration: .* name it as zabbix.server in the inventory/,
    ],
    [
      'where the API user may not see it',
      (world) => {
        world.monitor.maySeeAutoregistration = false;
      },
      /does not let our API user see autoregistration/,
    ],
    [
      'where the API user may see it and not change it',
      (world) => {
        world.monitor.mayGiveAutoregistration = false;
      },
      /does not let the key of autoregistration be set: No permissions to call "autoregistration.update"/,
    ],
    [
      'where Zabbix takes no pre-shared key',
      (world) => {
        world.monitor.autoregistrationTakes = ['none'];
      },
      /choose PSK under "Autoregistration".* with the identity and key of zabbix-psk\/fake/,
    ],
    [
      'where the server takes another key',
      (world) => {
        const other = aWorld({ identity: 'another' }).value;
        world.server.autoregistration = { stored: other, used: other };
      },
      /does not take the key that AWSCURRENT of zabbix-psk\/fake holds/,
    ],
  ])('%s', async (_, make, says) => {
    const world = site();
    make(world);
    const held = world.server.autoregistration?.stored;
    const rotating = world.rotate();
    await expect(rotating).rejects.toBeInstanceOf(Refusal);
    await expect(rotating).rejects.toThrow(says);

    expect(world.server.autoregistration?.stored).toBe(held);
    expect(world.secrets.values.has(token)).toBe(false);
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
    expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  });
});

test('what goes back goes to AWSCURRENT, also where somebody had given autoregistration another key and hosts still used that', async () => {
  const world = site(['web-1']);
  const other = aWorld({ identity: 'another' }).value;
  world.server.autoregistration = { stored: other, used: other };
  world.server.renews = false;
  await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
  expect(world.server.autoregistration.stored.identity).toBe('autoreg');
});

describe('once a key is parked, nothing is told as a refusal', () => {
  test('a role that was taken away between the steps leaves a call for help, and the key stays in reach', async () => {
    const world = site();
    world.secrets.begin(token);
    await world.step('createSecret');
    world.monitor.maySeeAutoregistration = false;
    await expect(world.step('setSecret')).rejects.toThrow(Stranded);
    await expect(world.step('setSecret')).rejects.toThrow(/Zabbix does not let our API user see autoregistration/);
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);

    world.monitor.maySeeAutoregistration = true;
    await world.repair();
    expect(world.autoregistrationIsOn()).toBe('old/old');
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test.each(['applied', 'not-applied'] as const)(
    'an update that is not answered, and was %s, is given again by the next try',
    async (fate) => {
      const world = site();
      world.secrets.begin(token);
      await world.step('createSecret');
      world.monitor.giveIsLost = fate;
      // It answers the question before, and then no more.
      world.clock.in(100, () => {
        world.monitor.down = true;
      });
      await expect(world.step('setSecret')).rejects.toThrow(StillOpen);
      expect(world.secrets.labelled('AWSPENDING')).toBe(token);

      world.monitor.down = false;
      world.monitor.giveIsLost = undefined;
      for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) await world.step(step);
      expect(world.autoregistrationIsOn()).toBe('new/new');
      expect(world.ends()).toMatchObject([{ outcome: 'rotated' }]);
    },
  );
});

describe('repair', () => {
  test('finishes what the server takes already', async () => {
    const world = site(['web-1']);
    world.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await world.step(step);
    await world.repair();
    expect(world.autoregistrationIsOn()).toBe('new/new');
    expect(world.secrets.labelled('AWSCURRENT')).toBe(token);
  });

  test('takes back what Zabbix was never given', async () => {
    const world = site();
    world.secrets.begin(token);
    await world.step('createSecret');
    await world.repair();
    expect(world.autoregistrationIsOn()).toBe('old/old');
    expect(world.secrets.labelled('AWSPENDING')).toBeUndefined();
  });

  test('touches nothing while the server cannot be asked', async () => {
    const world = site();
    world.secrets.begin(token);
    for (const step of ['createSecret', 'setSecret'] as const) await world.step(step);
    world.monitor.portIsOpen = false;
    await expect(world.repair()).rejects.toThrow(StillOpen);
    expect(world.autoregistrationIsOn()).toBe('new/new');
    expect(world.secrets.labelled('AWSPENDING')).toBe(token);
  });
});

test('given up on request: Zabbix has the old key again', async () => {
  const world = site(['web-1']);
  world.secrets.begin(token);
  for (const step of ['createSecret', 'setSecret'] as const) await world.step(step);
  const { says } = await world.request({ rotate: world.secrets.secretName, abandon: token });
  expect(says[0]).toMatch(/autoregistration is proven to be on the old key again/);
  expect(world.autoregistrationIsOn()).toBe('old/old');
});

test('given up on request, and rotated anew: who still goes back for the first one, and cannot see that, gives nothing back', async () => {
  const world = site();
  const next = 'token-of-the-next-rotation-0000000000';
  world.secrets.begin(token);
  await world.step('createSecret');
  world.server.renews = false;
  const setSecret = { step: 'setSecret', secretId: world.secrets.secretId, token } as const;
  const slower = invoke(world.account, (ports, deadline) => runStep(setSecret, ports, deadline), {
    fate: (call) =>
      call === 'secretsmanager:DescribeSecret' && world.secrets.labelled('AWSCURRENT') === next ? 'fails' : 'answered',
  });
  await world.clock.sleep(5_000);
  await world.request({ rotate: world.secrets.secretName, abandon: token });
  world.server.renews = true;
  await world.rotate(next);
  expect(await slower).toMatchObject({ ended: 'threw', error: { code: 'STILL_OPEN' } });
  expect(world.autoregistrationIsOn()).toBe('new/new');
  expect(world.secrets.labelled('AWSCURRENT')).toBe(next);
  expect(world.ends().map(({ outcome }) => outcome)).toEqual(['rolled-back', 'rotated']);
});

test('testing the rotation asks the server and changes nothing', async () => {
  const world = site();
  world.secrets.begin(token);
  await world.step('testSecret');
  expect(world.facts).toContainEqual(expect.objectContaining({ event: 'target.proven', target: 'autoregistration' }));
  world.monitor.portIsOpen = false;
  await expect(world.step('testSecret')).rejects.toThrow(
    /name it as zabbix.server in the inventory.*nothing was changed/,
  );
});

test('inspect names the hosts that use its identity, and the one before it', async () => {
  const world = site(['web-1', 'web-2']);
  expect((await world.inspect()).says).toEqual([
    expect.stringMatching(/holds identity "autoreg" with a key of 32 bytes \(\w+\) for 1 target\./),
    'Zabbix answers with version 6.0.14.',
    'autoregistration: Zabbix takes unencrypted connections and a pre-shared key from agents that it does not know yet, and does not tell which key it holds.',
    'Its server takes the key of AWSCURRENT at its port.',
    '2 of the hosts that have registered still use the identity "autoreg": "web-1", "web-2"; give each a key of its own (docs/rotation.md, "Autoregistration").',
    'A rotation of zabbix-psk/fake would mint a key of 32 bytes, use a new identity, and give it to Zabbix for autoregistration.',
  ]);
  await world.rotate();
  const says = (await world.inspect()).says.join('\n');
  expect(says).toMatch(/No host uses the identity "autoreg\.\w+"/);
  expect(says).toMatch(/2 of the hosts that have registered still use the identity "autoreg": "web-1", "web-2"/);
});

test('inspect says what a rotation would be refused for', async () => {
  const world = site();
  world.monitor.portIsOpen = false;
  expect((await world.inspect()).says.join('\n')).toMatch(
    /could not be asked whether it takes the key of AWSCURRENT.*\nA rotation would be refused: nothing could be proven of autoregistration/,
  );
});

describe('a host that has registered', () => {
  /** web-1 is the target; web-2 has registered with the same key, and so would the next agent. */
  function sharing(leaves: string | undefined, options: WorldOptions = {}): World {
    const world = aWorld({
      identity: 'autoreg',
      neighbours: ['web-2'],
      ...(leaves === undefined ? {} : { leaves }),
      ...options,
    });
    world.server.autoregistration = { stored: world.value, used: world.value };
    return world;
  }

  test('is not moved while the others are not listed and nobody has said that it leaves them', async () => {
    const world = sharing(undefined);
    await expect(world.rotate()).rejects.toThrow(
      /identity "autoreg" is also used by "web-2", .*put "leaves": "autoreg" into the secret/,
    );
    expect(world.keysInUse()).toMatchObject({ 'web-1': 'old/old' });
  });

  test.each(['shadow-agent', 'script-execute', 'port-probe', 'agent-log', 'now'] as const)(
    'leaves for a key and an identity of its own at the gate %s, and nothing changes for those who stay',
    async (gate) => {
      const world = sharing('autoreg');
      const host = world.host('web-1');
      host.canProbe = gate === 'shadow-agent' || gate === 'agent-log';
      host.offersShadow = gate === 'shadow-agent';
      world.monitor.mayExecuteScripts = gate === 'script-execute';
      world.monitor.portIsOpen = gate === 'port-probe';
      await world.rotate();

      expect(world.keysInUse()).toEqual({ 'web-1': 'new/new', 'web-2': 'old/old' });
      expect(world.autoregistrationIsOn()).toBe('old/old');
      expect(world.secrets.current?.identity).toMatch(/^web-1\.[b-z2-9]{6}$/);
      expect(world.server.hears(world.host('web-2'))).toBe(true);
      expect(world.ends()).toMatchObject([{ outcome: 'rotated', targets: [{ gate }] }]);
      const proven = world.facts.find(({ event }) => event === 'target.proven');
      if (gate === 'port-probe') expect(proven).toMatchObject({ evidence: { oldKey: 'kept', stillUsedBy: ['web-2'] } });
    },
  );

  test('comes back to the shared key when it does not come up with its own', async () => {
    const world = sharing('autoreg');
    world.host('web-1').startsWith = (credential) => (credential.identity === 'autoreg' ? credential : undefined);
    await expect(world.rotate()).rejects.toThrow(RotationRolledBack);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old', 'web-2': 'old/old' });
  });

  test('whose proxy shares the key is refused all the same: they may share the file', async () => {
    const world = sharing('autoreg', { neighbours: [], neighbourProxies: ['edge'] });
    await expect(world.rotate()).rejects.toThrow(/identity "autoreg" is also used by proxy "edge"/);
  });

  test('is bound again by what it once left', async () => {
    const world = sharing('another');
    await expect(world.rotate()).rejects.toThrow(/identity "autoreg" is also used by "web-2"/);
  });
});
