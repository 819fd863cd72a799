import { NodeUnreachable, StillOpen, ZabbixUnreachable } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { NodeTarget } from './model.ts';
import type { Archive, Fleet, Monitor, Ports, Reloader } from './ports.ts';

/** Zabbix is asked three times and may take 20 s and a slow connection each time to say nothing; then that is to be told. Milliseconds. */
export const zabbixMayTakeMs = 85_000;
/** When the last node has been waited for, the end is written down and the labels are moved: a dozen calls. Milliseconds. */
const endMayTakeMs = 40_000;
/** Five calls. One that finds too little time leaves the label, and with it the record, to the next try. Milliseconds. */
const recordMayTakeMs = 20_000;

/**
 * The same parties, of whom nothing is asked any more that they might answer when this invocation has ended: then there would be
 * nobody to write down what is true.
 */
export function inTime(ports: Ports, deadline: Deadline): Ports {
  return {
    ...ports,
    monitor: askedInTime(ports.monitor, deadline.reserving(zabbixMayTakeMs)),
    fleet: commandedInTime(ports.fleet, deadline.reserving(endMayTakeMs)),
    reloader: reloadedInTime(ports.reloader, deadline.reserving(endMayTakeMs)),
    archive: keptInTime(ports.archive, deadline.reserving(recordMayTakeMs)),
  };
}

function askedInTime(monitor: Monitor, last: Deadline): Monitor {
  async function soon<T>(ask: () => Promise<T>): Promise<T> {
    if (last.passed) throw new ZabbixUnreachable('too little time is left to ask Zabbix');
    return ask();
  }
  return {
    version: () => soon(() => monitor.version()),
    limitsOf: (tlsLibrary) => monitor.limitsOf(tlsLibrary),
    find: (target, among) => soon(() => monitor.find(target, among)),
    refresh: (host) => soon(() => monitor.refresh(host)),
    usersOf: (identities) => soon(() => monitor.usersOf(identities)),
    give: (hosts, credential) => soon(() => monitor.give(hosts, credential)),
    gates: (host) => soon(() => monitor.gates(host)),
    serverUses: (host, credential, gate) => soon(() => monitor.serverUses(host, credential, gate)),
    proxiesBefore: (hosts) => soon(() => monitor.proxiesBefore(hosts)),
    isOwn: (place) => monitor.isOwn(place),
    hostsBehind: (proxy) => soon(() => monitor.hostsBehind(proxy)),
    serverAccepts: (credential) => soon(() => monitor.serverAccepts(credential)),
    checkNow: (witness) => soon(() => monitor.checkNow(witness)),
    lastValueS: (witness) => soon(() => monitor.lastValueS(witness)),
  };
}

function keptInTime(archive: Archive, last: Deadline): Archive {
  return {
    append: (fact) => archive.append(fact),
    async keep(end) {
      if (last.passed) throw new StillOpen('too little time is left to write it');
      return archive.keep(end);
    },
  };
}

function reloadedInTime(reloader: Reloader, last: Deadline): Reloader {
  return {
    ...reloader,
    async reload(cache, rotation, deadline) {
      if (last.passed) throw new StillOpen('too little time is left to have a cache reloaded');
      return reloader.reload(cache, rotation, deadline.within(last.remainingMs));
    },
  };
}

function commandedInTime(fleet: Fleet, last: Deadline): Fleet {
  async function soon<T>(
    { name, node }: NodeTarget,
    deadline: Deadline,
    command: (deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    if (last.passed) throw new NodeUnreachable(name, `too little time is left to ask node ${node} of ${name}`);
    return command(deadline.within(last.remainingMs));
  }
  return {
    inspect: (target, rotation, deadline) =>
      soon(target, deadline, (soonest) => fleet.inspect(target, rotation, soonest)),
    prepare: (target, rotation, deadline) =>
      soon(target, deadline, (soonest) => fleet.prepare(target, rotation, soonest)),
    arm: (target, rotation, prepared, gate, deadline, waitsFor) =>
      soon(target, deadline, (soonest) => fleet.arm(target, rotation, prepared, gate, soonest, waitsFor)),
    armRestore: (target, rotation, gate, deadline, waitsFor) =>
      soon(target, deadline, (soonest) => fleet.armRestore(target, rotation, gate, soonest, waitsFor)),
    // What was sent is looked at once, however late it is.
    follow: (armed, deadline) => fleet.follow(armed, deadline.within(last.remainingMs)),
    forget: (target, rotation, inPlace, deadline) =>
      soon(target, deadline, (soonest) => fleet.forget(target, rotation, inPlace, soonest)),
  };
}
