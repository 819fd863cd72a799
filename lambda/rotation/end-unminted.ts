import type { Ports } from './ports.ts';
import { recordEnd } from './record.ts';

/** A rotation that had begun and not minted a key has nothing to take back: it is told as refused, and its label goes. */
export async function endUnminted(
  ids: { readonly secretId: string; readonly secretName: string; readonly token: string },
  because: string,
  ports: Pick<Ports, 'secrets' | 'archive' | 'clock'>,
): Promise<void> {
  const { secretId, token } = ids;
  // It may still run, or be tried again before its label is gone: what has been told as refused must not go forward.
  await ports.secrets.markGoingBack(secretId, token);
  // The record first: once the label is gone, nobody comes back to this rotation.
  await recordEnd(ports, { ...ids, outcome: 'refused', because, targets: [] });
  await ports.secrets.discard(secretId, token);
}
