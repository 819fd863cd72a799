/**
 * Requests a second that Secrets Manager takes of an account in a region.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
const quotas: readonly { readonly of: readonly string[]; readonly perSecond: number }[] = [
  { of: ['DescribeSecret', 'GetSecretValue'], perSecond: 10_000 },
  { of: ['PutSecretValue', 'UpdateSecretVersionStage'], perSecond: 50 },
  { of: ['ListSecrets'], perSecond: 100 },
  ...['CancelRotateSecret', 'CreateSecret', 'DeleteSecret', 'ListSecretVersionIds', 'RotateSecret'].map((action) => ({
    of: [action],
    perSecond: 50,
  })),
];

/** Counts by whole seconds: AWS lets nobody know how it does. */
export class RequestRates {
  #second = 0;
  readonly #taken = new Map<string, number>();

  /** Whether this request is one too many. One that is refused counts, too. */
  isOver(action: string, nowMs: number): boolean {
    const quota = quotas.find(({ of }) => of.some((name) => action === `secretsmanager:${name}`));
    if (quota === undefined) return false;
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#taken.clear();
    this.#second = second;
    const key = quota.of.join();
    const taken = (this.#taken.get(key) ?? 0) + 1;
    this.#taken.set(key, taken);
    return taken > quota.perSecond;
  }
}
