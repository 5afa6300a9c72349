// The key of an encrypted tablespace in its first page: wrapped with a key of the server's keyring as it lies on the disk, and in clear where a donor
// sends the page again, for recipients that wrap it anew.
import { HoldfastError } from '../../core/errors.ts'
import { sealPage } from '../innodb/page-check.ts'
import type { Tablespace } from '../innodb/tablespace.ts'
import { extentBytesOf, pageSizesOf } from './fsp-flags.ts'

/** Encryption::KEY_MAGIC, then the number of the master key and the server's UUID, key and vector of 32 bytes each, a checksum. */
const magic = Buffer.from('lC')
const infoBytes = 3 + 4 + 36 + 2 * 32 + 4

/** FSP_HEADER_OFFSET and FSP_HEADER_SIZE. */
const extentListAt = 38 + 112
/** XDES_BITMAP; two bits of each page follow. */
const extentEntryBytes = 24

export class WrappedKey {
  readonly #name: string
  readonly #space: Tablespace
  #info: Buffer | undefined

  constructor(name: string, space: Tablespace) {
    this.#name = name
    this.#space = space
  }

  /** Looks at page 0 as the file has it. */
  keep(page: Buffer): void {
    const info = this.#infoIn(page)
    if (info !== undefined) this.#info = Buffer.from(info)
  }

  /** Puts the wrapped key back into page 0, in place. Throws UNSUPPORTED where there was none before: what is stored would hold its own key. */
  putBack(page: Buffer): void {
    const info = this.#infoIn(page)
    if (info === undefined) return
    if (this.#info === undefined) throw keyNotOnDisk(this.#name)
    this.#info.copy(info)
    sealPage(page, 0, this.#space)
  }

  /** As fsp_header_get_encryption_offset: behind the list of the extents that page 0 describes. */
  #infoIn(page: Buffer): Buffer | undefined {
    const sizes = pageSizesOf(this.#space.flags)
    if (sizes === undefined || page.length < sizes.physicalBytes) return undefined
    const extentPages = extentBytesOf(sizes) / sizes.physicalBytes
    const entries = sizes.physicalBytes / extentPages
    const at = extentListAt + entries * (extentEntryBytes + extentPages / 4)
    const info = page.subarray(at, at + infoBytes)
    return info.subarray(0, magic.length).equals(magic) ? info : undefined
  }
}

/** A tablespace that is new, or was encrypted just now: its first page was not on the disk when the file was copied. */
function keyNotOnDisk(name: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${name} was encrypted so shortly before the clone that its wrapped key was not on the disk yet`,
    { file: name },
    { hint: 'Run the backup again; nothing of this one was kept.' },
  )
}
