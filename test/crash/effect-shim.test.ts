import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { aNode, namespacesWork } from '../documents/throw-away-node.ts';

const shim = readFileSync(new URL('../lab/crash/effect-shim.sh', import.meta.url), 'utf8');

describe.skipIf(!namespacesWork())('a shim before a program', { concurrent: true }, () => {
  test('lets it do its work and writes it down', async () => {
    const node = await aWatchedNode();
    expect(node.sh(scripted)).toBe('came to its end\n');
    expect(node.read('/opt/crash/effects')).toBe(
      'prepare script mkdir a\nprepare script mv x\nprepare script setsid exchange\nprepare worker mv y\nprepare script find everything\n',
    );
  });

  test('is nothing but the program for whoever is not a verb', async () => {
    const node = await aWatchedNode();
    node.sh('mkdir /b && rm -r /b');
    expect(node.has('/opt/crash/effects')).toBe(false);
    expect(node.has('/b')).toBe(false);
  });

  test.each([
    { moment: 'before', there: ['/a/x.new'] },
    { moment: 'after', there: ['/a/x'] },
  ])('lets the script die $moment the effect that is planned', async ({ moment, there }) => {
    const node = await aWatchedNode();
    node.write('/opt/crash/plan', `${moment} script 1\nprepare script mv x\n`);
    expect(node.sh(scripted)).toBe('');
    expect(['/a/x.new', '/a/x'].filter((path) => node.has(path))).toEqual(there);
    expect(node.has('/opt/crash/struck')).toBe(true);
    expect(node.has('/opt/crash/plan')).toBe(false);
  });

  test('lets a worker in a session of its own die alone', async () => {
    const node = await aWatchedNode();
    node.write('/opt/crash/plan', 'after worker 1\nprepare worker mv y\n');
    expect(node.sh(scripted)).toBe('came to its end\n');
    expect(node.has('/worker-came-to-its-end')).toBe(false);
  });

  test('lets the whole node die', async () => {
    const node = await aWatchedNode();
    node.sh('setsid sleep 1000 >/dev/null 2>&1 & echo $! >/sleeper');
    node.write('/opt/crash/plan', 'after node 1\nprepare script mv x\n');
    // Whoever has started it dies, too.
    expect(() => node.sh(scripted)).toThrow();
    expect(node.sh('if kill -0 $(cat /sleeper) 2>/dev/null; then echo alive; fi')).toBe('');
  });
});

/** In a session of its own, as every command of the SSM agent is; whoever runs it here must outlive it. */
const scripted = 'setsid -w env CRASH_VERB=prepare PATH=/usr/local/sbin:/usr/bin:/bin sh /opt/script 2>/dev/null; true';

async function aWatchedNode() {
  const node = await aNode();
  node.write('/opt/shim', shim, 0o755);
  node.write(
    '/opt/script',
    `mkdir /a; echo x >/a/x.new; echo y >/a/y.new
mv /a/x.new /a/x
setsid sh -c 'mv /a/y.new /a/y; : >/worker-came-to-its-end' exchange & wait
rm -f /not-there
find /a -name y -exec rm {} +
echo came to its end
`,
  );
  node.sh(
    'mkdir -p /opt/crash; for program in find mkdir mv rm setsid; do cp /opt/shim /usr/local/sbin/$program; done',
  );
  return node;
}
