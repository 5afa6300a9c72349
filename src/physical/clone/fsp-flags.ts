// What the FSP_SPACE_FLAGS of a MySQL tablespace say of its pages (fsp0types.h).

import type { Tablespace } from '../innodb/tablespace.ts'

/** Not a tablespace: the redo log, and the list of the buffer pool. */
const noFlags = 0xffff_ffff

export interface PageSizes {
  /** Of a page in memory: innodb_page_size. */
  readonly logicalBytes: number
  /** Of a page in the file: less than the above with ROW_FORMAT=COMPRESSED. */
  readonly physicalBytes: number
}

/** Undefined for what is no tablespace. */
export function pageSizesOf(fspFlags: number): PageSizes | undefined {
  if (fspFlags === noFlags) return undefined
  const zip = zipShift(fspFlags)
  const page = (fspFlags >>> 6) & 0xf
  // Both are powers of two above 512; 0 is 16 KiB for pages, for they were of no other size once, and not compressed for the other.
  const logicalBytes = page === 0 ? 16_384 : 512 << page
  return { logicalBytes, physicalBytes: zip === 0 ? logicalBytes : 512 << zip }
}

function zipShift(fspFlags: number): number {
  return (fspFlags >>> 1) & 0xf
}

/** Pages that are allocated together: a MiB of them, and 64 where these are larger (FSP_EXTENT_SIZE). */
export function extentBytesOf({ logicalBytes, physicalBytes }: PageSizes): number {
  const pages = logicalBytes <= 16_384 ? (1024 * 1024) / logicalBytes : 64
  return pages * physicalBytes
}

// From 0xfffffff0, the id of the redo log, down: 127 tablespaces with 400,000 ids each, of which one is used after the other.
const undoEnd = 0xffff_fff0
const undoStart = undoEnd - 127 * 400_000

export function isUndoSpace(spaceId: number): boolean {
  return spaceId >= undoStart && spaceId < undoEnd
}

/** As page 0 of the file would say it. Undefined for what is no tablespace. */
export function tablespaceOf(spaceId: number, fspFlags: number): Tablespace | undefined {
  const pages = pageSizesOf(fspFlags)
  if (pages === undefined) return undefined
  const format = zipShift(fspFlags) === 0 ? 'classic' : 'zip'
  return { spaceId, flags: fspFlags, pageBytes: pages.physicalBytes, format, flavour: 'mysql' }
}
