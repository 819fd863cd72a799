import type { Door } from '../../lambda/contract.ts';
import { goingBackLabel, unrecordedLabel } from '../../lambda/contract.ts';
import type { CurrentValue, Instant, SecretValue } from '../../lambda/rotation/model.ts';
import type { SecretLabels } from '../../lambda/rotation/ports.ts';
import type { PskKey } from '../../lambda/rotation/psk.ts';
import { waitingOf } from '../../lambda/secrets/waiting-label.ts';
import type { FakeClock } from './clock.ts';

/** One secret with Secrets Manager's rules: labels move, values never change, AWSPREVIOUS follows by itself. */
export class FakeSecret {
  readonly secretName: string;
  readonly secretId: string;
  readonly #clock: FakeClock;
  rotationEnabled = true;
  /** Its deletion is scheduled. */
  deleted = false;
  /** Its KMS key cannot be used. */
  keyDisabled = false;
  changed: Instant;
  readonly values = new Map<string, CurrentValue>();
  /** What its entry in the inventory asks for. */
  firstEncryption: Door | undefined;
  readonly #labels = new Map<string, string>();
  readonly startedRotations: string[] = [];
  /** Every version that AWSCURRENT has been moved to, in order. */
  readonly promoted: string[] = [];
  /** Called when a rotation is started. */
  onRotate: (token: string) => void = () => undefined;

  constructor(secretName: string, current: CurrentValue, clock: FakeClock) {
    this.secretName = secretName;
    this.secretId = `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${secretName}-AbCdEf`;
    this.#clock = clock;
    this.changed = clock.now();
    this.values.set(firstVersion, current);
    this.#labels.set('AWSCURRENT', firstVersion);
  }

  labelled(label: string): string | undefined {
    return this.#labels.get(label);
  }

  get current(): CurrentValue | undefined {
    return this.values.get(this.labelled('AWSCURRENT') ?? '');
  }

  /** The version of a rotation that has begun and not ended. */
  get unfinished(): string | undefined {
    const pending = this.labelled('AWSPENDING');
    return pending === this.labelled('AWSCURRENT') ? undefined : pending;
  }

  get waiting(): SecretLabels['waiting'] {
    return [...this.#labels].flatMap(([label, version]) => waitingOf(version, [label]));
  }

  labels(): SecretLabels {
    return {
      secretId: this.secretId,
      secretName: this.secretName,
      rotationEnabled: this.rotationEnabled,
      current: this.labelled('AWSCURRENT'),
      pending: this.labelled('AWSPENDING'),
      previous: this.labelled('AWSPREVIOUS'),
      goingBack: this.labelled(goingBackLabel),
      unrecorded: this.labelled(unrecordedLabel),
      waiting: this.waiting,
      changed: this.changed,
      firstEncryption: this.firstEncryption,
    };
  }

  read(_: unknown, versionId: string): CurrentValue | undefined {
    const value = this.values.get(versionId);
    return value?.key === undefined && value !== undefined ? { ...value, takes: this.firstEncryption } : value;
  }

  /** @returns false when the version has a value already */
  park(_: SecretLabels, versionId: string, value: SecretValue): boolean {
    if (this.values.has(versionId)) return false;
    this.values.set(versionId, value);
    for (const label of ['AWSPENDING', unrecordedLabel]) this.#put(label, versionId);
    return true;
  }

  promote(_: string, { from, to }: { readonly from: string | undefined; readonly to: string }): void {
    const holder = this.labelled('AWSCURRENT');
    if (holder !== from && holder !== to)
      throw new Error(`Staging label AWSCURRENT is currently attached to version ${holder}, not to ${from}`);
    if (!this.values.has(to)) throw new Error(`Version ${to} has no value and cannot become AWSCURRENT`);
    if (holder === to) return;
    this.#put('AWSCURRENT', to);
    if (holder !== undefined) this.#labels.set('AWSPREVIOUS', holder);
    this.promoted.push(to);
  }

  markGoingBack(_: string, versionId: string): void {
    this.#put(goingBackLabel, versionId);
  }

  mark(label: string, versionId: string): void {
    this.#put(label, versionId);
  }

  discard(_: string, versionId: string): void {
    for (const label of [unrecordedLabel, 'AWSPENDING', goingBackLabel]) this.takeOff(label, versionId);
  }

  /** What Secrets Manager does when a rotation begins: AWSPENDING on a version without a value. */
  begin(token: string): void {
    this.#put('AWSPENDING', token);
  }

  #put(label: string, version: string): void {
    this.#labels.set(label, version);
    this.changed = this.#clock.now();
  }

  takeOff(label: string, version: string): void {
    if (this.labelled(label) !== version) return;
    this.#labels.delete(label);
    this.changed = this.#clock.now();
  }

  /** A rotation is started, unless an earlier one is not complete. */
  rotate(token: string): boolean {
    if (this.unfinished !== undefined && this.unfinished !== token) return false;
    this.begin(token);
    this.startedRotations.push(token);
    this.onRotate(token);
    return true;
  }
}

/** Secrets Manager's secrets, by their ARN or name, and every key that was ever parked in one. */
export class FakeSecretsManager {
  readonly secrets: readonly FakeSecret[];
  readonly keys: Map<string, PskKey>;

  constructor(secrets: readonly FakeSecret[]) {
    this.secrets = secrets;
    const known = secrets.flatMap(({ values }) =>
      [...values.values()].flatMap(({ key }) => (key === undefined ? [] : [key])),
    );
    this.keys = new Map(known.map((key) => [key.fingerprint, key]));
  }

  find(id: string): FakeSecret | undefined {
    return this.secrets.find(({ secretId, secretName }) => id === secretId || id === secretName);
  }
}

export const firstVersion = 'first-version-000000000000000000000';
