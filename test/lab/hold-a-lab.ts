/** Starts a whole lab with one host and a warm function, says where it is, and holds it until it is killed: for the test that kills it. */
import { readlinkSync } from 'node:fs';
import { startLab } from './lab.ts';

const { zabbix, invoke, cloud } = await startLab({ secrets: ['web-1'] });
await zabbix.host({ name: 'web-1', agent: 'zabbix_agentd', awaitValues: false });
await zabbix.sampleArguments();
await zabbix.capture();
await invoke({ inspect: 'zabbix-psk/web-1' });
const ipc = readlinkSync(`/proc/${zabbix.serverMachine.pid}/ns/ipc`);
console.log(JSON.stringify({ ip: zabbix.server.ip, ipc, endpoint: cloud.endpoint }));
setInterval(() => {}, 1000);
