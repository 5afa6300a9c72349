// A backup whose chunks are handed out no faster than a limit says.
import type { BackupSource } from '../core/backup.ts'
import type { RateLimit } from '../core/rate-limit.ts'

/** Whoever loads rows asks for each chunk when it is about to be sent, so that slow chunks make a slow load. */
export function pacedSource(source: BackupSource, limit: RateLimit): BackupSource {
  return {
    content: source.content,
    origin: source.origin,
    point: source.point,
    objectNames: () => source.objectNames(),
    object: (name, signal) => source.object(name, signal),
    getChunk: async (id, signal) => {
      const bytes = await source.getChunk(id, signal)
      await limit.spend(bytes.length, signal)
      signal?.throwIfAborted()
      return bytes
    },
  }
}
