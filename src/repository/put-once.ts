// Create-only writes of objects that nobody else can write, where `exists` can only mean an earlier try of our own.
import { HoldfastError } from '../core/errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Puts an object whose name is the hash of its bytes: one that is there already is the same one, if it is all there. */
export async function putContentAddressed(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if ((await store.putIfAbsent(key, bytes, { signal })) === 'created') return
  const head = await store.head(key, { signal })
  if (head?.sizeBytes === bytes.length) return
  throw new HoldfastError(
    'VERIFY_FAILED',
    `${key} is there with ${head?.sizeBytes} bytes of ${bytes.length}`,
    {
      object: key,
    },
  )
}

/**
 * Puts an object with a random name. A store that lost an answer and tried again by itself finds its own first try, with the
 * very same bytes.
 */
export async function putUnique(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  if ((await store.putIfAbsent(key, bytes, { signal })) === 'created') return
  const there = await store.get(key, { length: bytes.length + 1, signal })
  if (there?.equals(bytes) === true) return
  throw new HoldfastError('VERIFY_FAILED', `${key} was there before it was written`, { object: key })
}
