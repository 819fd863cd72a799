import { expect, test } from 'vitest';
import { telling } from '../lab/demo/tell.ts';
import type { LoggedFact } from '../lab/logged-facts.ts';

/** What the screen shows of one fact of the log. */
async function told(fact: Readonly<Record<string, unknown>> & { readonly event: string }): Promise<string | undefined> {
  const logged: LoggedFact[] = [];
  const shown: string[] = [];
  await telling({ facts: () => logged }, { fact: (who, text) => shown.push(`${who}: ${text}`) }, async () => {
    logged.push({ at: '', target: 'web-1', ...fact });
  });
  return shown[0];
}

const ready = { event: 'target.ready', node: 'mi-1', gate: 'shadow-agent' };

test.each([
  [{ ...ready, waitsFor: 'server' }, /asks the server itself/],
  [{ ...ready, waitsFor: 'proxy', proxy: 'edge' }, /asks proxy edge itself/],
  [
    { ...ready, waitsFor: 'proxy', proxy: 'a proxy that the API user may not read' },
    /asks a proxy that the API user may not read itself/,
  ],
  [
    { event: 'rotation.waiting', for: ['proxy "far"'], way: 'forward', until: '2026-11-29 04:23:00 UTC' },
    /waiting until 2026-11-29 04:23:00 UTC for proxy "far" to have the new key/,
  ],
  [{ event: 'rotation.waiting', for: ['proxy "far"'], way: 'back', until: '04:23' }, /to have the old key/],
  [{ event: 'rotation.stillWaiting', until: '04:23' }, /still waiting for its proxy, until 04:23/],
  [{ event: 'cache.reloading', caches: ['server', 'proxy edge'] }, /server; proxy edge/],
  [{ event: 'cache.reloaded', cache: 'server', tookMs: 1_240 }, /server: took the word after 1.2 s/],
  [{ event: 'cache.notReloaded', cache: 'server', because: 'away' }, /not told.*\(away\)/],
])('the screen says what is waited for: %j', async (fact, text) => {
  expect(await told(fact)).toMatch(text);
});
