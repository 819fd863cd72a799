import { createServer, type Server } from 'node:net';

/** A /24 of the loopback network that no other lab on this computer uses. */
export interface Addresses {
  /** `127.a.b.<last>` */
  at(last: number): string;
  /** the next unused address for a host, from .10 on */
  next(): string;
  release(): void;
}

/** Where PHP's own server listens on the lab's server address. Not 10080, which fetch refuses as a "bad port". */
export const frontendPort = 18080;

/** Ports that must be free on the lab's addresses: agents, server, frontend. */
const neededPorts = [10050, 10051, frontendPort];

/**
 * Claims a /24 of 127/8, all of which Linux answers for without any set-up. The claim is a listening socket on .254,
 * so that it ends with this process.
 * @throws {Error} when something holds the agent's or server's port on all addresses of this computer
 */
export async function claimAddresses(): Promise<Addresses> {
  let refusal: unknown;
  for (let attempt = 0; attempt < 20; attempt++) {
    const prefix = `127.${between(64, 254)}.${between(1, 254)}`;
    try {
      const claim = await listen(`${prefix}.254`, 10051);
      for (const port of neededPorts) (await listen(`${prefix}.1`, port)).close();
      let last = 9;
      return { at: (n) => `${prefix}.${n}`, next: () => `${prefix}.${++last}`, release: () => claim.close() };
    } catch (error) {
      refusal = error;
    }
  }
  throw new Error(`No free network for the lab: is a Zabbix agent or server listening on 0.0.0.0 here?`, {
    cause: refusal,
  });
}

function listen(host: string, port: number): Promise<Server> {
  const server = createServer();
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

function between(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}
