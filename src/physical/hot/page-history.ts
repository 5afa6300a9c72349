// Whether a tablespace still has the history that its copy has. ALTER TABLE … IMPORT TABLESPACE gives it another one, past the redo log and under its old
// number: it writes all pages of the file anew, each with the LSN 0 (PageConverter and buf_flush_init_for_writing in row/row0import.cc).
import type { FileHandle } from 'node:fs/promises'
import { type FileState, fileState, isUnwritten } from './file-state.ts'

/** FIL_PAGE_LSN. */
const lsnAt = 16

/** With the first ones of every table, a page of each MiB or so: of a table that is written to, most are not in the time of a backup. */
const firstPages = [1, 2, 3]
const pagesApart = 64
const mostApart = 64

export interface PageHistory {
  readonly state: FileState
  readonly pageBytes: number
  /** LSNs of some pages. */
  readonly marks: readonly { readonly page: number; readonly lsn: bigint }[]
}

/** To be taken before any page is copied. */
export async function pageHistory(handle: FileHandle, pageBytes: number): Promise<PageHistory> {
  const stats = await handle.stat({ bigint: true })
  const pages = Math.floor(Number(stats.size) / pageBytes)
  const apart = Math.max(pagesApart, Math.ceil(pages / mostApart))
  const marks: { page: number; lsn: bigint }[] = []
  for (const page of [...firstPages, ...multiplesOf(apart, pages)]) {
    const lsn = await lsnOf(handle, page, pageBytes)
    // After an import it says nothing.
    if (lsn !== 0n) marks.push({ page, lsn })
  }
  return { state: fileState(stats), pageBytes, marks }
}

/**
 * Whether all that happened to the file since is in the redo log: nothing did, or a page has the LSN that it had. Only a page that is written by an
 * import can have been written without one, and that writes them all. False where it cannot be told.
 */
export async function goesOn({ state, pageBytes, marks }: PageHistory, handle: FileHandle): Promise<boolean> {
  if (isUnwritten(state, await handle.stat({ bigint: true }))) return true
  for (const { page, lsn } of marks) if ((await lsnOf(handle, page, pageBytes)) === lsn) return true
  return false
}

function* multiplesOf(step: number, end: number): Iterable<number> {
  for (let at = step; at < end; at += step) yield at
}

/** 0 where there is none. */
async function lsnOf(handle: FileHandle, page: number, pageBytes: number): Promise<bigint> {
  const bytes = Buffer.alloc(8)
  await handle.read(bytes, 0, 8, page * pageBytes + lsnAt)
  return bytes.readBigUInt64BE()
}
