// Whether a page of a tablespace is what the server wrote: every checksum that InnoDB of either flavour may have put on it.
// Source: BlockReporter (MySQL, storage/innobase/buf/checksum.cc), buf_page_is_corrupted (MariaDB, storage/innobase/buf/buf0buf.cc).
import assert from 'node:assert/strict'
import { crc32c } from '../../bytes/crc32c.ts'
import type { Tablespace } from './tablespace.ts'

/** `unchecked`: encrypted or compressed by itself, so that only the server can tell. */
export type PageState = 'sound' | 'empty' | 'unchecked' | 'damaged'

// Offsets in the header of a page (fil0types.h).
const pageNumberAt = 4
const lsnAt = 16
const typeAt = 24
const flushLsnAt = 26
const spaceIdAt = 34
const dataAt = 38

/** BUF_NO_CHECKSUM_MAGIC: innodb_checksum_algorithm=none. */
const noChecksum = 0xdead_beef

/** FIL_PAGE_COMPRESSED, _ENCRYPTED, _COMPRESSED_AND_ENCRYPTED, _ENCRYPTED_RTREE of MySQL. */
const mysqlOpaqueTypes = new Set([14, 15, 16, 17])
/** FIL_PAGE_PAGE_COMPRESSED and _ENCRYPTED of MariaDB. */
const mariadbOpaqueTypes = new Set([34_354, 37_401])

/** As long as the largest page. */
const zeros = Buffer.alloc(64 * 1024)

/** Looks at one page: `bytes[start, start + pageBytes)`. `pageNumber` is where it stands in its file. */
export function checkPage(bytes: Buffer, start: number, pageNumber: number, space: Tablespace): PageState {
  const { pageBytes, format } = space
  if (isEmpty(bytes, start, pageBytes)) return 'empty'
  if (isInDoublewrite(pageNumber, space)) return 'unchecked'
  // A page in a wrong place has a right checksum.
  if (bytes.readUInt32BE(start + pageNumberAt) !== pageNumber) return 'damaged'
  if (format === 'full') return isFullSound(bytes, start, pageBytes) ? 'sound' : 'damaged'
  if (isOpaque(bytes, start, space)) return 'unchecked'
  if (format === 'zip') return isZipSound(bytes, start, pageBytes) ? 'sound' : 'damaged'
  return isClassicSound(bytes, start, pageBytes) ? 'sound' : 'damaged'
}

/** Gives a page that was changed its checksum: the one that all settings of innodb_checksum_algorithm take. Not for `full`. */
export function sealPage(bytes: Buffer, start: number, { pageBytes, format }: Tablespace): void {
  assert(format !== 'full', 'pages of MariaDB are not changed')
  if (format === 'zip') {
    bytes.writeUInt32BE(zipCrc(bytes, start, pageBytes), start)
    return
  }
  const crc = classicCrc(bytes, start, pageBytes)
  bytes.writeUInt32BE(crc, start)
  bytes.writeUInt32BE(crc, start + pageBytes - 8)
}

function isEmpty(bytes: Buffer, start: number, pageBytes: number): boolean {
  // The LSN of a page that was written is never 0, so nearly every page is done with here.
  if (bytes.readUInt32BE(start + lsnAt) !== 0 || bytes.readUInt32BE(start + lsnAt + 4) !== 0) return false
  return zeros.compare(bytes, start, start + pageBytes, 0, pageBytes) === 0
}

/**
 * The second and third extent of the system tablespace are the doublewrite buffer, on MySQL before 8.0.20 and on MariaDB: what lies
 * there are copies of pages of any file, whole or not.
 */
export function isInDoublewrite(pageNumber: number, { spaceId, pageBytes }: Tablespace): boolean {
  if (spaceId !== 0) return false
  // FSP_EXTENT_SIZE: 1 MiB, but never fewer than 64 pages.
  const extent = Math.max(64, (1024 * 1024) / pageBytes)
  return pageNumber >= extent && pageNumber < 3 * extent
}

function isOpaque(bytes: Buffer, start: number, { flavour }: Tablespace): boolean {
  const type = bytes.readUInt16BE(start + typeAt)
  if (flavour === 'mysql') return mysqlOpaqueTypes.has(type)
  // FIL_PAGE_FILE_FLUSH_LSN_OR_KEY_VERSION: an old encrypted page; page 0 of the system tablespace has an LSN there.
  const isEncrypted =
    bytes.readUInt32BE(start + flushLsnAt) !== 0 && bytes.readUInt32BE(start + pageNumberAt) !== 0
  return isEncrypted || mariadbOpaqueTypes.has(type)
}

/** full_crc32: everything before the last four bytes, also of what is compressed (then it ends earlier) or encrypted. */
function isFullSound(bytes: Buffer, start: number, pageBytes: number): boolean {
  const type = bytes.readUInt16BE(start + typeAt)
  // buf_page_full_crc32_size: bit 15 marks a compressed page, whose length is in units of 256 bytes.
  const length = (type & 0x8000) === 0 ? pageBytes : Math.min(pageBytes, (type & 0x7fff) << 8)
  if (length <= dataAt + 4) return false
  const end = start + length - 4
  return bytes.readUInt32BE(end) === crc32c(bytes, start, end)
}

/** crc32, innodb or none: at the start of the page, and again in its last eight bytes beside the low half of the LSN. */
function isClassicSound(bytes: Buffer, start: number, pageBytes: number): boolean {
  const trailer = start + pageBytes - 8
  if (bytes.readUInt32BE(start + lsnAt + 4) !== bytes.readUInt32BE(trailer + 4)) return false
  const first = bytes.readUInt32BE(start)
  const second = bytes.readUInt32BE(trailer)
  const crc = classicCrc(bytes, start, pageBytes)
  if (first === crc && second === crc) return true
  if (first === noChecksum && second === noChecksum) return true
  // buf_calc_page_new_checksum and _old_: pages of a server from before 5.7.7, or of innodb_checksum_algorithm=innodb.
  const fold =
    (foldOf(bytes, start + pageNumberAt, start + flushLsnAt) + foldOf(bytes, start + dataAt, trailer)) >>> 0
  return first === fold && second === foldOf(bytes, start, start + flushLsnAt)
}

function classicCrc(bytes: Buffer, start: number, pageBytes: number): number {
  const trailer = start + pageBytes - 8
  return (
    (crc32c(bytes, start + pageNumberAt, start + flushLsnAt) ^ crc32c(bytes, start + dataAt, trailer)) >>> 0
  )
}

/** page_zip_calc_checksum: without the LSN and what the server changes when it flushes; no trailer. */
function isZipSound(bytes: Buffer, start: number, pageBytes: number): boolean {
  const found = bytes.readUInt32BE(start)
  if (found === zipCrc(bytes, start, pageBytes) || found === noChecksum) return true
  // zlib's Adler-32, from 0, over the same bytes.
  let low = 0
  let high = 0
  for (const [from, to] of zipParts(start, pageBytes)) {
    for (let at = from; at < to; at += 1) {
      low = (low + bytes[at]!) % 65_521
      high = (high + low) % 65_521
    }
  }
  return found === ((high << 16) | low) >>> 0
}

function zipParts(start: number, pageBytes: number): readonly (readonly [number, number])[] {
  return [
    [start + pageNumberAt, start + lsnAt],
    [start + typeAt, start + typeAt + 2],
    [start + spaceIdAt, start + pageBytes],
  ]
}

function zipCrc(bytes: Buffer, start: number, pageBytes: number): number {
  let crc = 0
  for (const [from, to] of zipParts(start, pageBytes)) crc ^= crc32c(bytes, from, to)
  return crc >>> 0
}

/** ut_fold_binary, of which the lower 32 bits are kept: they depend on nothing above them. */
function foldOf(bytes: Buffer, start: number, end: number): number {
  // UT_HASH_RANDOM_MASK and _MASK2 of ut0rnd.ic.
  let fold = 0
  for (let at = start; at < end; at += 1) {
    fold = (((((fold ^ bytes[at]! ^ 1_653_893_711) << 8) + fold) ^ 1_463_735_687) + bytes[at]!) | 0
  }
  return fold >>> 0
}
