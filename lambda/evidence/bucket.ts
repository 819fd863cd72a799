/** The evidence bucket, as far as this service needs it: what is there stays as it is. */
export interface Bucket {
  /** Keys that begin so, in the order of their characters. */
  list(prefix: string): Promise<readonly string[]>;
  get(key: string): Promise<string>;
  /** @returns false when there is an object of this key already; it stays as it is */
  putNew(key: string, body: string): Promise<boolean>;
}
