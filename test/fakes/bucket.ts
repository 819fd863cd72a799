import type { Bucket } from '../../lambda/evidence/bucket.ts';
import type { Invocation } from './invocation.ts';

/** An S3 bucket that keeps what it has: strongly consistent, and an object that exists is never written over. */
export class FakeBucket {
  readonly objects = new Map<string, string>();
  /** Why S3 takes nothing; undefined: it does. */
  refuses: string | undefined;

  /** What one invocation of ours sees of it. */
  of(invocation: Invocation): Bucket {
    const call = <T>(name: string, effect: () => T) =>
      invocation.call(
        `s3:${name}`,
        () => {
          if (this.refuses !== undefined) throw new Error(this.refuses);
          return effect();
        },
        () => new Error('S3 could not be asked'),
      );
    return {
      list: (prefix) =>
        call('ListObjectsV2', () => [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort()),
      get: (key) =>
        call('GetObject', () => {
          const body = this.objects.get(key);
          if (body === undefined) throw new Error(`S3 says NoSuchKey: ${key}`);
          return body;
        }),
      putNew: (key, body) =>
        call('PutObject', () => {
          const known = this.objects.get(key);
          if (known === undefined) this.objects.set(key, body);
          return known === undefined || known === body;
        }),
    };
  }
}
