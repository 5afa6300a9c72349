// Pages of a file that comes in pieces, in order: each is checked as soon as it is whole.
import { HoldfastError } from '../../core/errors.ts'
import { checkPage } from '../innodb/page-check.ts'
import type { Tablespace } from '../innodb/tablespace.ts'

export class PageWatch {
  readonly #path: string
  readonly #space: Tablespace
  readonly #partial: Buffer
  #partialBytes = 0
  #offset = 0

  constructor(path: string, space: Tablespace) {
    this.#path = path
    this.#space = space
    this.#partial = Buffer.alloc(space.pageBytes)
  }

  /** Throws PAGE_DAMAGED. Bytes that do not follow those before are not checked: then the page they begin in cannot be known. */
  take(offset: number, bytes: Buffer): void {
    const { pageBytes } = this.#space
    if (offset !== this.#offset) this.#partialBytes = 0
    this.#offset = offset + bytes.length
    let at = 0
    const within = offset % pageBytes
    if (within !== 0 && this.#partialBytes === within) {
      at = Math.min(bytes.length, pageBytes - within)
      bytes.copy(this.#partial, within, 0, at)
      this.#partialBytes += at
      if (this.#partialBytes < pageBytes) return
      this.#check(this.#partial, 0, (offset - within) / pageBytes)
      this.#partialBytes = 0
    } else if (within !== 0) {
      at = Math.min(bytes.length, pageBytes - within)
    }
    for (; at + pageBytes <= bytes.length; at += pageBytes) this.#check(bytes, at, (offset + at) / pageBytes)
    if (at < bytes.length) {
      bytes.copy(this.#partial, 0, at)
      this.#partialBytes = bytes.length - at
    }
  }

  #check(bytes: Buffer, at: number, page: number): void {
    if (checkPage(bytes, at, page, this.#space) !== 'damaged') return
    const file = this.#path
    throw new HoldfastError('PAGE_DAMAGED', `page ${page} of ${file} has a wrong checksum`, { file, page })
  }
}
