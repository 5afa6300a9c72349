// What page 0 of an InnoDB tablespace says of the file: its id, the size of its pages, and how they are summed.
import type { Flavour } from '../../core/flavour.ts'

export interface Tablespace {
  readonly spaceId: number
  /** FSP_SPACE_FLAGS. */
  readonly flags: number
  /** Of a page in the file. */
  readonly pageBytes: number
  /** How each page carries its checksum. `full`: MariaDB's full_crc32. `zip`: pages of ROW_FORMAT=COMPRESSED. */
  readonly format: 'full' | 'classic' | 'zip'
  /** Whose page types these are. */
  readonly flavour: Flavour
}

/** FIL_PAGE_DATA + FSP_SPACE_FLAGS = 38 + 16. */
const flagsAt = 54
/** FIL_PAGE_ARCH_LOG_NO_OR_SPACE_ID. */
const spaceIdAt = 34
/** FSP_FLAGS_FCRC32_MASK_MARKER: never set by the others, whose bits 1 to 4 are a shift of at most 5. */
const fullMarker = 0x10

/** How much of a file is needed. */
export const tablespaceHeaderBytes = 64

/**
 * Reads the first bytes of page 0. Undefined for what is no tablespace: page 0 has page number 0, its space id twice (FSP_SPACE_ID is the
 * first field behind the header), and flags that make sense.
 */
export function readTablespace(header: Buffer, flavour: Flavour): Tablespace | undefined {
  if (header.length < tablespaceHeaderBytes || header.readUInt32BE(4) !== 0) return undefined
  const spaceId = header.readUInt32BE(spaceIdAt)
  if (header.readUInt32BE(38) !== spaceId) return undefined
  const flags = header.readUInt32BE(flagsAt)
  if (flavour === 'mariadb' && (flags & fullMarker) !== 0) {
    // FSP_FLAGS_FCRC32_PAGE_SSIZE: bits 0 to 3.
    const pageBytes = pageBytesOf(flags & 0xf)
    return pageBytes === undefined ? undefined : { spaceId, flags, pageBytes, format: 'full', flavour }
  }
  // ZIP_SSIZE: bits 1 to 4, 0 for what is not compressed. PAGE_SSIZE: bits 6 to 9, 0 for 16 KiB.
  const zip = (flags >>> 1) & 0xf
  const page = (flags >>> 6) & 0xf
  const pageBytes = zip === 0 ? pageBytesOf(page === 0 ? 5 : page) : pageBytesOf(zip)
  const format = zip === 0 ? 'classic' : 'zip'
  return pageBytes === undefined ? undefined : { spaceId, flags, pageBytes, format, flavour }
}

/** FIL_PAGE_SRV_VERSION of page 0, where MySQL notes its release since 8.0 and MariaDB has the number of no page. */
const releaseAt = 8

/** Which flavour wrote page 0. */
export function writerOf(header: Buffer): Flavour {
  const release = header.readUInt32BE(releaseAt)
  return release >= 80_000 && release < 1_000_000 ? 'mysql' : 'mariadb'
}

/** "Shift size": 1 is 1 KiB, 5 is 16 KiB, 7 is 64 KiB. */
function pageBytesOf(shift: number): number | undefined {
  return shift >= 1 && shift <= 7 ? 512 << shift : undefined
}
