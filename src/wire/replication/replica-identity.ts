// Who we are to a source: the same server id and UUID each time, so that a new connection of ours replaces a dead one.
import { createHash } from 'node:crypto'

export interface ReplicaIdentity {
  /** 2^31 to 2^32 - 1: people number their servers from below. */
  readonly serverId: number
  readonly uuid: string
}

/** Derived from what never changes: which repository, and which source in it. */
export function replicaIdentity(repositoryId: string, sourceName: string): ReplicaIdentity {
  const digest = createHash('sha256').update(`holdfast replica\0${repositoryId}\0${sourceName}`).digest()
  const hex = digest.toString('hex')
  return {
    serverId: (digest.readUInt32LE(28) | 0x8000_0000) >>> 0,
    // Version and variant bits as RFC 9562 wants them for a name-based UUID of one's own making: version 8.
    uuid: [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `8${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-'),
  }
}
