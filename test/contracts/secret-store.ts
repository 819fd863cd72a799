import { describe, expect, test } from 'vitest';
import { Refusal } from '../../lambda/errors.ts';
import type { SecretValue } from '../../lambda/rotation/model.ts';
import type { SecretStore } from '../../lambda/rotation/ports.ts';
import { PskKey } from '../../lambda/rotation/psk.ts';

/** One rotated secret that no rotation is under way for. */
export interface SecretOfContract {
  readonly store: SecretStore;
  readonly secretName: string;
  /** What AWSCURRENT holds. */
  readonly value: SecretValue;
  /** What Secrets Manager does when a rotation begins: AWSPENDING on a version without a value. */
  begin(token: string): void;
  delete(): void;
}

const token = 'token-of-the-contract-00000000000000';
const next = 'token-of-the-contract-00000000000001';

/** What the story relies on of a SecretStore, fake or real. */
export function secretStoreContract(aSecret: () => Promise<SecretOfContract>): void {
  async function begun() {
    const secret = await aSecret();
    secret.begin(token);
    const labels = () => secret.store.labels(secret.secretName);
    const minted = { ...secret.value, identity: 'web.next', key: PskKey.mint(32) };
    return { ...secret, labels, minted, secretId: (await labels()).secretId };
  }

  async function parked() {
    const secret = await begun();
    await secret.store.park(await secret.labels(), token, secret.minted);
    return secret;
  }

  describe('labels', () => {
    test('are found by name and by ARN', async () => {
      const { store, secretName } = await aSecret();
      const labels = await store.labels(secretName);
      expect(labels).toMatchObject({ secretName, rotationEnabled: true, current: expect.any(String) });
      expect([labels.pending, labels.goingBack, labels.unrecorded]).toEqual([undefined, undefined, undefined]);
      expect(await store.labels(labels.secretId)).toEqual(labels);
    });

    test('of a secret that does not exist are refused', async () => {
      const { store } = await aSecret();
      await expect(store.labels('zabbix-psk/nobody')).rejects.toMatchObject({ code: 'SECRET_UNKNOWN' });
      await expect(store.labels('zabbix-psk/nobody')).rejects.toBeInstanceOf(Refusal);
    });
  });

  describe('a version', () => {
    test('is read by its id', async () => {
      const { store, secretName, value } = await aSecret();
      const labels = await store.labels(secretName);
      const found = await store.read(labels, labels.current ?? '');
      expect(found).toMatchObject({
        identity: value.identity,
        targets: value.targets,
        identityMode: value.identityMode,
      });
      expect(found?.key?.fingerprint).toBe(value.key.fingerprint);
      expect(await store.read(labels, next)).toBeUndefined();
    });

    test('that a rotation has begun with holds nothing', async () => {
      const { store, labels } = await begun();
      expect((await labels()).pending).toBe(token);
      expect(await store.read(await labels(), token)).toBeUndefined();
    });

    test('of a secret that is deleted is not taken for an empty one', async () => {
      const secret = await parked();
      const labels = await secret.labels();
      secret.delete();
      await expect(secret.store.read(labels, next)).rejects.toThrow(/marked for deletion/);
    });
  });

  describe('what is parked', () => {
    test('is pending and unrecorded, and AWSCURRENT stays', async () => {
      const { store, labels, minted } = await begun();
      const before = await labels();
      expect(await store.park(before, token, minted)).toBe(true);
      expect(await labels()).toMatchObject({ current: before.current, pending: token, unrecorded: token });
      expect((await store.read(before, token))?.key?.fingerprint).toBe(minted.key.fingerprint);
    });

    test('stays, whatever is parked afterwards', async () => {
      const { store, labels, minted } = await parked();
      expect(await store.park(await labels(), token, { ...minted, key: PskKey.mint(32) })).toBe(false);
      expect((await store.read(await labels(), token))?.key?.fingerprint).toBe(minted.key.fingerprint);
    });

    test('takes the mark of the unrecorded from the version that had it', async () => {
      const { store, secretId, labels, minted, begin } = await parked();
      const { current } = await labels();
      await store.promote(secretId, { from: current, to: token });
      begin(next);
      await store.park(await labels(), next, minted);
      expect(await labels()).toMatchObject({ current: token, pending: next, unrecorded: next });
    });
  });

  describe('AWSCURRENT', () => {
    test('moves from the version that has it', async () => {
      const { store, secretId, labels } = await parked();
      const { current } = await labels();
      await store.promote(secretId, { from: current, to: token });
      expect(await labels()).toMatchObject({ current: token, pending: token, unrecorded: token });
      await store.promote(secretId, { from: token, to: current ?? '' });
      expect((await labels()).current).toBe(current);
    });

    test('does not move from a version that has it not', async () => {
      const { store, secretId, labels } = await parked();
      const { current } = await labels();
      await store.promote(secretId, { from: current, to: token });
      await expect(store.promote(secretId, { from: next, to: current ?? '' })).rejects.toThrow(/AWSCURRENT/);
      expect((await labels()).current).toBe(token);
    });

    test('does not move to a version without a value', async () => {
      const { store, secretId, labels } = await begun();
      const { current } = await labels();
      await expect(store.promote(secretId, { from: current, to: token })).rejects.toThrow();
      expect((await labels()).current).toBe(current);
    });
  });

  describe('our marks', () => {
    test('of going back: says whether it stood there already', async () => {
      const { store, secretId, labels } = await parked();
      expect(await store.markGoingBack(secretId, token)).toBe(false);
      expect(await store.markGoingBack(secretId, token)).toBe(true);
      expect((await labels()).goingBack).toBe(token);
    });

    test('of going back moves to the version that is marked last', async () => {
      const { store, secretId, labels, minted, begin } = await parked();
      await store.markGoingBack(secretId, token);
      begin(next);
      await store.park(await labels(), next, minted);
      expect(await store.markGoingBack(secretId, next)).toBe(false);
      expect((await labels()).goingBack).toBe(next);
    });

    test('of going back stays on the version that is pending, whoever comes late for another', async () => {
      const { store, secretId, labels } = await parked();
      await store.markGoingBack(secretId, token);
      const { current = '' } = await labels();
      await expect(store.markGoingBack(secretId, current)).rejects.toThrow(/is not AWSPENDING any more/);
      expect((await labels()).goingBack).toBe(token);
    });

    test('of going back is taken off once, and the others stay', async () => {
      const { store, secretId, labels } = await parked();
      await store.markGoingBack(secretId, token);
      await store.unmarkGoingBack(secretId, token);
      expect(await labels()).toMatchObject({ pending: token, goingBack: undefined, unrecorded: token });
      await expect(store.unmarkGoingBack(secretId, token)).rejects.toThrow(/ZABBIX_PSK_GOING_BACK/);
    });

    test('of the unrecorded is taken off once', async () => {
      const { store, secretId, labels } = await parked();
      await store.markRecorded(secretId, token);
      expect((await labels()).unrecorded).toBeUndefined();
      await expect(store.markRecorded(secretId, token)).rejects.toThrow(/ZABBIX_PSK_UNRECORDED/);
    });

    test('go with AWSPENDING when the version is discarded, as often as that is done', async () => {
      const { store, secretId, labels } = await parked();
      await store.markGoingBack(secretId, token);
      await store.discard(secretId, token);
      await store.discard(secretId, token);
      const { pending, goingBack, unrecorded } = await labels();
      expect([pending, goingBack, unrecorded]).toEqual([undefined, undefined, undefined]);
    });

    test('of going back stays when the label of a version without a value is withdrawn, and meets what is parked late', async () => {
      const { store, secretId, labels, minted } = await begun();
      await store.markGoingBack(secretId, token);
      await store.withdraw(secretId, token);
      await store.withdraw(secretId, token);
      const { pending, goingBack } = await labels();
      expect([pending, goingBack]).toEqual([undefined, token]);
      expect(await store.park(await labels(), token, minted)).toBe(true);
      expect(await labels()).toMatchObject({ pending: token, goingBack: token, unrecorded: token });
    });

    test('of the unrecorded goes with a label that is withdrawn when a key has just been parked', async () => {
      const { store, secretId, labels } = await parked();
      await store.withdraw(secretId, token);
      const { pending, unrecorded } = await labels();
      expect([pending, unrecorded]).toEqual([undefined, undefined]);
    });

    test('of waiting tell which way and until when, and are taken off one by one', async () => {
      const { store, secretId, labels } = await parked();
      const forward = { versionId: token, way: 'forward', until: { ms: Date.UTC(2026, 10, 29, 4, 23, 1) } } as const;
      const back = { ...forward, way: 'back', until: { ms: Date.UTC(2026, 10, 29, 5, 0, 0) } } as const;
      await store.markWaiting(secretId, forward);
      await store.markWaiting(secretId, back);
      expect((await labels()).waiting).toEqual([forward, back]);
      expect(await store.unfinished()).toMatchObject([{ secretId, waitsUntil: back.until }]);
      await store.unmarkWaiting(secretId, forward);
      expect((await labels()).waiting).toEqual([back]);
      await store.discard(secretId, token);
      expect((await labels()).waiting).toEqual([]);
      expect(await store.unfinished()).toEqual([]);
    });

    test('stay when another version is discarded', async () => {
      const { store, secretId, labels } = await parked();
      await store.markGoingBack(secretId, token);
      await store.discard(secretId, (await labels()).current ?? '');
      expect(await labels()).toMatchObject({ pending: token, goingBack: token, unrecorded: token });
    });
  });

  describe('a secret is unfinished', () => {
    test('from the beginning of a rotation until its end is recorded', async () => {
      const { store, secretId, labels } = await parked();
      const found = async () => (await store.unfinished()).map((one) => one.secretId);
      const { current } = await labels();
      expect(await found()).toEqual([secretId]);
      await store.promote(secretId, { from: current, to: token });
      expect(await found()).toEqual([secretId]);
      await store.markRecorded(secretId, token);
      expect(await found()).toEqual([]);
    });

    test('until no mark of going back is left', async () => {
      const { store, secretId, labels } = await parked();
      const { current } = await labels();
      await store.promote(secretId, { from: current, to: token });
      await store.markRecorded(secretId, token);
      await store.markGoingBack(secretId, token);
      expect(await store.unfinished()).toMatchObject([{ secretId }]);
      await store.discard(secretId, token);
      expect(await store.unfinished()).toEqual([]);
    });

    test('and is not rotated meanwhile', async () => {
      const { store, secretId } = await parked();
      await expect(store.rotate(secretId, next)).rejects.toThrow(/previous rotation isn't complete/);
    });
  });
}
