import { z } from 'zod';
import { defineAction } from '../action.ts';
import { bucketAccess, etagOf, findBucket, newest } from './bucket.ts';

export const listObjectsV2 = defineAction({
  name: 's3:ListObjectsV2',
  request: z.strictObject({
    Bucket: z.string(),
    Prefix: z.string().optional(),
    EncodingType: z.literal('url').optional(),
    ContinuationToken: z.string().optional(),
    MaxKeys: z.number().int().optional(),
  }),
  needs: ({ Bucket, Prefix }, { world }) => [
    bucketAccess(world, 's3:ListBucket', { Bucket }, { 's3:prefix': Prefix ?? '' }),
  ],
  answer({ Bucket: name, Prefix = '', EncodingType, ContinuationToken, MaxKeys = 1000 }, { world }) {
    const bucket = findBucket(world, name);
    const after = ContinuationToken === undefined ? '' : Buffer.from(ContinuationToken, 'base64').toString();
    // S3 orders keys by their bytes, which for these is JavaScript's own order.
    const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(Prefix) && key > after).sort();
    const page = keys.slice(0, Math.min(MaxKeys, world.habits.objectsPerPage));
    const more = page.length < keys.length;
    const shown = (text: string) => (EncodingType === 'url' ? urlEncoded(text) : text);
    return {
      Name: name,
      Prefix: shown(Prefix),
      MaxKeys,
      KeyCount: page.length,
      IsTruncated: more,
      ...(EncodingType === undefined ? {} : { EncodingType }),
      ...(more ? { NextContinuationToken: Buffer.from(page.at(-1) ?? '').toString('base64') } : {}),
      Contents: page.flatMap((key) => {
        const version = newest(bucket, key);
        if (version === undefined) return [];
        return [
          {
            Key: shown(key),
            LastModified: Math.floor(version.writtenMs / 1000),
            ETag: etagOf(version),
            Size: Buffer.byteLength(version.body),
            StorageClass: 'STANDARD',
          },
        ];
      }),
    };
  },
});

/** S3 leaves slashes as they are and writes a blank as `+`. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}
