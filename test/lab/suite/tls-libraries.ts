import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Lab } from '../lab.ts';

const replyShape = z.looseObject({ verb: z.string(), agent: z.string(), tlsLibrary: z.string().optional() });

/** What the real programs answer to `-V`: an agent or proxy whose library is not known is held to the limits of the weakest one. */
export function tlsLibraries(lab: () => Lab): void {
  test('every program that was prepared has told its TLS library: agents 2 OpenSSL, the others GnuTLS', () => {
    const told = lab()
      .cloud.commands.flatMap(({ invocations }) => [...invocations.values()])
      .flatMap(({ steps }) => steps)
      .filter(({ code }) => code === 0)
      .map(({ stdout }) => replyShape.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')))
      .filter(({ verb }) => verb === 'inspect' || verb === 'prepare');
    expect(told.length).toBeGreaterThan(0);
    for (const { agent, tlsLibrary } of told)
      expect(`${agent}: ${tlsLibrary}`).toMatch(/^(zabbix_agent2: OpenSSL 3\.|zabbix_(agentd|proxy): GnuTLS 3\.)/);
  });
}
