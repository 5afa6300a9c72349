// Chunks that are in the repository already, as far as a new backup knows: those of the backups that are most like it.
import type { BackupKind } from '../core/backup.ts'
import type { ChunkIndex } from './chunk-index.ts'

export const backupKinds: readonly BackupKind[] = ['logical', 'physical']

/** Chunks that a new backup may refer to instead of storing them again. */
export interface KnownChunks {
  /** The backup that refers to them. */
  readonly backup: string
  readonly chunkIdKey: Buffer
  /** `pack` of a place is an index into `packs`. */
  readonly chunks: ChunkIndex
  readonly packs: readonly { readonly sha256: string; readonly sizeBytes: number }[]
}

/**
 * Backups of which each is like the one before: rows or files, of all or of parts. The newest of every line is known to a new backup; were it the newest
 * of all alone, a backup of one table would have the next whole one store everything again, and so would files that are taken between rows.
 */
export type BackupLine = `${BackupKind}-${'whole' | 'parts'}`

export const backupLines: readonly BackupLine[] = backupKinds.flatMap((kind) => [
  lineOf({ kind, isPartial: false }),
  lineOf({ kind, isPartial: true }),
])

export function lineOf({
  kind,
  isPartial,
}: {
  readonly kind: BackupKind
  readonly isPartial: boolean
}): BackupLine {
  return `${kind}-${isPartial ? 'parts' : 'whole'}`
}

/** All that any of them knows, under the name of the first; those whose ids are of another key are left out. Takes over the first one's index. */
export function joinKnown(all: readonly KnownChunks[]): KnownChunks | undefined {
  const [first, ...others] = all
  if (first === undefined) return undefined
  const packs = [...first.packs]
  for (const { chunkIdKey, chunks, packs: more } of others) {
    if (!chunkIdKey.equals(first.chunkIdKey)) continue
    for (const { id, place } of chunks.entries()) {
      if (first.chunks.find(id) === undefined)
        first.chunks.set(id, { ...place, pack: packs.length + place.pack })
    }
    packs.push(...more)
  }
  return { ...first, packs }
}
