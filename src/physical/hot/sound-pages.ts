// Pages of a file that a server writes to while it is read: one that was caught half written is read again until it is whole.
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../core/errors.ts'
import { checkPage, isInDoublewrite } from '../innodb/page-check.ts'
import type { Tablespace } from '../innodb/tablespace.ts'

/** A write of one page takes microseconds, and on a disk that is overrun seconds: 10 ms and up to 200 ms each, 20 s in all. */
const attempts = 100
const pauseMs = (attempt: number): number => Math.min(10 * attempt, 200)

export interface PageFile {
  readonly handle: FileHandle
  /** For messages. */
  readonly name: string
  readonly space: Tablespace
  /** Pages of the same tablespace in files before this one. */
  readonly pagesBefore: number
  readonly signal: AbortSignal
}

/**
 * Looks at all pages of `bytes`, which were read at `offset`, and reads those again in place that are not whole. Throws PAGE_DAMAGED for
 * one that stays so, and UNSUPPORTED for pages of which nobody but the server can tell.
 */
export async function makeSound(bytes: Buffer, offset: number, file: PageFile): Promise<void> {
  const { pageBytes } = file.space
  for (let at = 0; at + pageBytes <= bytes.length; at += pageBytes) {
    const page = file.pagesBefore + (offset + at) / pageBytes
    for (let attempt = 1; !isSound(bytes, at, page, file); attempt += 1) {
      if (attempt > attempts) throw damaged(file.name, page)
      await sleep(pauseMs(attempt), undefined, { signal: file.signal })
      await file.handle.read(bytes, at, pageBytes, offset + at)
    }
  }
}

function isSound(bytes: Buffer, at: number, page: number, { space, name }: PageFile): boolean {
  const state = checkPage(bytes, at, page, space)
  if (state === 'unchecked' && !isInDoublewrite(page, space)) throw opaque(name, page, space)
  return state !== 'damaged'
}

function damaged(file: string, page: number): HoldfastError {
  return new HoldfastError(
    'PAGE_DAMAGED',
    `page ${page} of ${file} has a wrong checksum, however often it was read`,
    { file, page },
  )
}

/** Encrypted or compressed by itself: its checksum is of what the server alone can make of it. */
function opaque(file: string, page: number, { flavour }: Tablespace): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `page ${page} of ${file} is compressed or encrypted, so nothing tells from here whether it was caught half written`,
    { file, page },
    { hint: flavour === 'mysql' ? 'Use --method clone.' : 'Use --method mariadb-backup.' },
  )
}
