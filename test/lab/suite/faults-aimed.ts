/** Faults that meet the calls about one host only, so that many of them happen side by side on one lab. */
import type { Delivered, Delivery, OutsideCall, Reaction } from '../aws/faults.ts';
import type { SmallHost } from '../hosts/small-host.ts';
import type { Lab } from '../lab.ts';
import type { ApiCall, ApiReaction } from '../zabbix/api-traffic.ts';

/** What a test does to the calls that are about its host. The host's secret has the host's name. */
export interface Aimed {
  call?(call: OutsideCall): Reaction | undefined;
  delivery?(verb: string): Partial<Delivery> | undefined;
  asked?(call: ApiCall): ApiReaction | Promise<ApiReaction>;
  answered?(call: ApiCall): ApiReaction | Promise<ApiReaction>;
}

type Bystander = Aimed & { readonly host: SmallHost };
const aimedAt = new WeakMap<object, Bystander[]>();

/** From now on, for as long as the lab runs. The first answer other than "as usual" counts. */
export function aim(lab: Lab, host: SmallHost, faults: Aimed): void {
  const one = { ...faults, host };
  onCloud(lab).push(one);
  onApi(lab).push(one);
}

function onCloud({ cloud }: Lab): Bystander[] {
  return listOf(cloud.faults, (all) => {
    cloud.faults.hook = (call) =>
      first(all.filter(({ host }) => isAbout(call, host)).map(({ call: ask }) => ask?.(call)));
    cloud.faults.deliveryHook = (delivered) =>
      first(
        all.filter(({ host }) => host.instanceId === delivered.instanceId).map((one) => deliveryOf(one, delivered)),
      );
  });
}

function deliveryOf({ delivery }: Bystander, { comment }: Delivered): Partial<Delivery> | undefined {
  return delivery?.(comment.split(' ')[1] ?? '');
}

function onApi({ zabbix }: Lab): Bystander[] {
  return listOf(zabbix.apiTraffic, (all) => {
    const about = (mentions: (text: string) => boolean) =>
      all.filter(({ host: { computerName, monitored } }) =>
        [computerName, monitored.hostId, ...Object.values(monitored.items).map(({ itemId }) => itemId)].some((word) =>
          mentions(`"${word}"`),
        ),
      );
    zabbix.apiTraffic.observer = {
      asked: async (call, mentions) => firstReaction(about(mentions).map((one) => () => one.asked?.(call))),
      answered: async (call, mentions) => firstReaction(about(mentions).map((one) => () => one.answered?.(call))),
    };
  });
}

function listOf(party: object, begin: (all: Bystander[]) => void): Bystander[] {
  const known = aimedAt.get(party);
  if (known !== undefined) return known;
  const all: Bystander[] = [];
  aimedAt.set(party, all);
  begin(all);
  return all;
}

function isAbout({ action, request }: OutsideCall, { computerName, instanceId }: SmallHost): boolean {
  if (action.startsWith('ssm:')) return request.includes(instanceId);
  // Its records lie in a folder of the secret's name.
  if (action.startsWith('s3:')) return request.includes(`/zabbix-psk/${computerName}/`);
  return request.includes(`:secret:zabbix-psk/${computerName}-`) || request.includes(`"zabbix-psk/${computerName}"`);
}

function first<T>(answers: readonly (T | undefined)[]): T | undefined {
  return answers.find((answer) => answer !== undefined);
}

async function firstReaction(
  asks: readonly (() => ApiReaction | Promise<ApiReaction> | undefined)[],
): Promise<ApiReaction> {
  for (const ask of asks) {
    const reaction = (await ask()) ?? 'pass';
    if (reaction !== 'pass') return reaction;
  }
  return 'pass';
}

/** A moment of the rotation at which something is done, once, before the rotation goes on. */
export const moments = {
  /** The switch has been sent; the node takes it up when this is done, and 3 s after the sending at the earliest. */
  switchIsSent: (act: () => Promise<unknown>): Aimed => {
    const done = once(act);
    return {
      delivery: (verb) => {
        if (verb !== 'switch' || done.begun) return undefined;
        // Waited for by the delay: a delivery is decided at once.
        void done();
        return { delayMs: 3_000 };
      },
    };
  },
  /** Zabbix has stored the new key, and the function has not heard of it. */
  zabbixIsTold: (act: () => Promise<unknown>): Aimed => {
    const done = once(act);
    return { answered: async ({ method }) => (method === 'host.update' ? done() : 'pass') };
  },
  /** The agent runs on the new key, and nothing is proven yet. */
  agentHasSwitched: (act: () => Promise<unknown>): Aimed => {
    const done = once(act);
    let told = false;
    return {
      // A host that seemed unreachable was asked for a value before, too.
      asked: async ({ method }) => {
        told ||= method === 'host.update';
        return told && method === 'task.create' ? done() : 'pass';
      },
    };
  },
};

function once(act: () => Promise<unknown>) {
  const done = async (): Promise<'pass'> => {
    if (done.begun) return 'pass';
    done.begun = true;
    await act();
    return 'pass';
  };
  done.begun = false;
  return done;
}
