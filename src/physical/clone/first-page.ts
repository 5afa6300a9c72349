// The first page of a tablespace that was created while a clone ran: what recovery knows the file by before the redo log fills it.
import assert from 'node:assert/strict'
import { tablespaceOf } from './fsp-flags.ts'

// Layout of a page: fil0types.h; of the header of a tablespace: fsp0fsp.h.
const at = {
  checksum: 0,
  serverVersion: 8,
  spaceVersion: 12,
  spaceId: 34,
  headerSpaceId: 38,
  flags: 54,
} as const
const spaceVersion = 1

/**
 * BUF_NO_CHECKSUM_MAGIC, which every innodb_checksum_algorithm takes for a page without a checksum. The page is replaced by the first
 * record of the redo log that is about it.
 */
const noChecksum = 0xdead_beef

/** `release` is the server's as a number, 90704 for 9.7.4. As fil_write_initial_pages leaves the page. */
export function firstPage(spaceId: number, fspFlags: number, release: number): Buffer {
  const space = tablespaceOf(spaceId, fspFlags)
  assert(space !== undefined, 'only tablespaces have pages')
  const page = Buffer.alloc(space.pageBytes)
  page.writeUInt32BE(noChecksum, at.checksum)
  page.writeUInt32BE(release, at.serverVersion)
  page.writeUInt32BE(spaceVersion, at.spaceVersion)
  page.writeUInt32BE(spaceId, at.spaceId)
  page.writeUInt32BE(spaceId, at.headerSpaceId)
  page.writeUInt32BE(fspFlags, at.flags)
  // Compressed pages have no trailer.
  if (space.format === 'classic') page.writeUInt32BE(noChecksum, space.pageBytes - 8)
  return page
}
