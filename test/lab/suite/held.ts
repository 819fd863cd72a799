import { type Secret, labelled as versionOf } from '../aws/secrets-manager/secret.ts';
import type { Lab, LoggedFact } from '../lab.ts';
import type { Machine } from '../machine.ts';

/** A version of a secret as the stand-in holds it, looked at from behind. */
export interface HeldVersion {
  readonly versionId: string;
  readonly identity: string;
  readonly psk: string;
}

/** The version that carries a label now; undefined when none does. @throws {Error} when it has no value */
export function labelled(lab: Pick<Lab, 'cloud'>, secret: string, label: string): HeldVersion | undefined {
  const found = secretIn(lab, secret);
  const version = found === undefined ? undefined : versionOf(found, label);
  if (version === undefined) return undefined;
  const { identity, psk } = JSON.parse(version.value?.string ?? '');
  return { versionId: version.id, identity, psk };
}

/** The stand-in's own secret, to be changed from behind. @param secret as in the inventory */
export function secretIn({ cloud }: Pick<Lab, 'cloud'>, secret: string): Secret | undefined {
  return [...cloud.world.secrets.values()].find(({ name }) => name === `zabbix-psk/${secret}`);
}

/** The one record that a rotation ends with. */
export function endOf(lab: Pick<Lab, 'facts'>, secret: string, versionId: string): LoggedFact {
  const ends = lab.facts(secret).filter(({ event, token }) => event === 'rotation.ended' && token === versionId);
  const [end] = ends;
  if (end === undefined || ends.length > 1)
    throw new Error(`rotation ${versionId} has ${ends.length} records, not one`);
  return end;
}

/** Files of a rotation that are still on a node: nothing, once it has ended. */
export async function leftOn({ machine }: { readonly machine: Machine }): Promise<readonly string[]> {
  const look =
    "find /etc /var/lib /tmp /run /usr/local -name '*.next' -o -name '*.previous' -o -path '*zabbix-psk-rotation*'";
  const { stdout } = await machine.run(['sh', '-c', look]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** `owner:group mode` of a file, as `stat` tells. */
export async function ownerAndMode({ machine }: { readonly machine: Machine }, file: string): Promise<string> {
  return (await machine.must(['stat', '-c', '%U:%G %a', file])).trim();
}
