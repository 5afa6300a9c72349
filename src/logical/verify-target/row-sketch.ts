// Which rows two sets do not have in common, found in little memory: rows are summed up in buckets by the hash of their key.
import { hash } from 'node:crypto'

// 2^20 buckets of 8 bytes are 8 MiB; a table of 10^9 rows then has about 1000 in each.
const bucketBits = 20
const buckets = 2 ** bucketBits
// Rows that are held to find the differing ones among them, about: 100,000 of 1 KiB are 100 MiB.
const heldRows = 100_000
const mostBuckets = 4096
const leastBuckets = 16

export type Side = 'backup' | 'target'

/** Of both sides. */
export class RowSketch {
  readonly #sums = new Uint32Array(2 * buckets)
  #rows = 0

  /** A row of the backup is added, one of the target taken away; what both have comes to nothing, and hardly anything else does (2^-64). */
  add(side: Side, at: number, digest: Buffer): void {
    const sign = side === 'backup' ? 1 : -1
    this.#sums[2 * at] = (this.#sums[2 * at] ?? 0) + sign * digest.readUInt32LE(4)
    this.#sums[2 * at + 1] = (this.#sums[2 * at + 1] ?? 0) + sign * digest.readUInt32LE(8)
    this.#rows++
  }

  /** Buckets in which the sides differ; not all where there are too many to hold all of their rows. */
  differing(): { readonly buckets: ReadonlySet<number>; readonly isAll: boolean } {
    const most = Math.min(mostBuckets, Math.max(leastBuckets, Math.floor((heldRows * buckets) / this.#rows)))
    const found = new Set<number>()
    for (let at = 0; at < buckets; at++) {
      if (this.#sums[2 * at] === 0 && this.#sums[2 * at + 1] === 0) continue
      if (found.size === most) return { buckets: found, isAll: false }
      found.add(at)
    }
    return { buckets: found, isAll: true }
  }
}

export function rowDigest(row: Buffer): Buffer {
  return hash('sha256', row, 'buffer')
}

/** Both sides of a row that was changed are in one bucket: so where some buckets alone are looked at, no row of these seems missing. */
export function bucketOf(digest: Buffer): number {
  return digest.readUInt32LE(0) >>> (32 - bucketBits)
}
