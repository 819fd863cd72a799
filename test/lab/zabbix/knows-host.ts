import { connect } from 'node:net';

/**
 * Whether a server's or a proxy's cache has this host already: asked for its active checks, as an agent without encryption asks.
 * One that must be encrypted is known, too, when the request is refused for that reason.
 */
export async function knowsHost(ip: string, host: string): Promise<boolean> {
  const answer = await ask(ip, JSON.stringify({ request: 'active checks', host }));
  return answer.includes('"response":"success"') || answer.includes('is not allowed for host');
}

/** One request in Zabbix' protocol: "ZBXD", version 1, length as eight bytes, the text. */
function ask(ip: string, text: string): Promise<string> {
  const length = Buffer.alloc(8);
  length.writeUInt32LE(Buffer.byteLength(text));
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ host: ip, port: 10051 });
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
    socket.write(Buffer.concat([Buffer.from('ZBXD\x01'), length, Buffer.from(text)]));
  });
}
