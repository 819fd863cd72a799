import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTerminalWithAws } from '../aws-command-line.ts';
import { Browser } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { releases, type ZabbixVersion } from '../release.ts';
import { debianRoot } from '../root.ts';
import { listens } from '../zabbix/server.ts';

export function keptRunning(version: ZabbixVersion): void {
  describe(`npm run lab -- --zabbix ${version}`, () => {
    let child: ChildProcess;
    let printed = '';

    beforeAll(async () => {
      await debianRoot(releases[version]);
      child = spawn(
        process.execPath,
        [fileURLToPath(new URL('../keep-running.ts', import.meta.url)), '--zabbix', version],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { ...process.env, NO_COLOR: '1' },
        },
      );
      child.stdout?.on('data', (chunk) => {
        printed += String(chunk);
      });
      await eventually('it runs', () => printed.includes('Ctrl-C ends it'), { withinS: 180 });
    });
    afterAll(() => {
      child.kill('SIGKILL');
    });

    /** What was printed there. */
    function found(pattern: RegExp): string {
      const [, group] = pattern.exec(printed) ?? [];
      if (group === undefined) throw new Error(`${pattern} is not in:\n${printed}`);
      return group;
    }

    test('says where everything is and what to try', () => {
      expect(printed).toMatch(/Admin \/ zabbix/);
      expect(printed).toMatch(/web-01 +i-[0-9a-f]{17} +127\.[0-9.]+ +zabbix_agent2/);
    });

    test.each(['http', 'https'])(
      'the frontend opens in a browser by %s, lets the administrator in and shows the encryption',
      async (scheme) => {
        const browser = new Browser(found(new RegExp(`(${scheme}://[0-9.:]+/)`)));
        const login = await browser.open('index.php');
        expect(login).toMatch(/<title>lab: Zabbix/);
        const assets = [...login.matchAll(/(?:src|href)="([^"]+\.(?:js|css|ico|png)[^"]*)"/g)];
        expect(assets.length).toBeGreaterThan(3);
        for (const [, asset = ''] of assets) expect(await browser.open(asset)).not.toBe('');

        await browser.open('index.php', { name: 'Admin', password: 'zabbix', enter: 'Sign in' });
        const hosts = await browser.open('zabbix.php?action=host.list');
        expect(hosts).toMatch(/web-01[\s\S]*>PSK</);
        expect(hosts).not.toMatch(/Locale for language/);
      },
    );

    test('what is printed lets a client in; a rotation is told while it runs; Ctrl-C ends everything, also then', async () => {
      const exports = printed.split('\n').filter((line) => line.startsWith('  export AWS_'));
      const inTerminal = (line: RegExp) => inTerminalWithAws([...exports, found(line)]);
      expect(await inTerminal(/^ {2}(aws .* lambda invoke .*"inspect".*)$/m)).toMatch(
        /A rotation of zabbix-psk\/web-01 would mint a key of 32 bytes/,
      );
      expect(JSON.parse(await inTerminal(/^ {2}(aws .* secretsmanager rotate-secret .*)$/m))).toMatchObject({
        Name: 'zabbix-psk/web-01',
      });
      await eventually('the rotation is told', () =>
        /web-01 +a new key of 32 bytes is in Secrets Manager/.test(printed),
      );

      child.kill('SIGINT');
      await eventually('it has ended', () => child.exitCode !== null);
      expect(child.exitCode).toBe(0);
      expect(printed).toMatch(/✓ everything is stopped/);
      const server = found(/http:\/\/(127\.[0-9.]+):18080/);
      expect(await listens(server, 10051)).toBe(false);
      expect(await listens(server, 18080)).toBe(false);
    });
  });
}
