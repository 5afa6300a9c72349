// Whether each page of a cloned tablespace is whole in the end: a donor copies files while it writes them, and sends torn pages again.
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { checkPage } from '../innodb/page-check.ts'
import type { Tablespace } from '../innodb/tablespace.ts'

export class FilePages {
  readonly #space: Tablespace
  readonly #pagesBefore: number
  readonly #damaged = new Set<number>()

  /** `pagesBefore`: of a tablespace of several files, the pages of those before this one. */
  constructor(space: Tablespace, pagesBefore: number) {
    this.#space = space
    this.#pagesBefore = pagesBefore
  }

  /** Looks at whole pages as they come; a page that comes again is judged anew. Throws MalformedDataError for parts of pages. */
  take(offset: number, bytes: Buffer): void {
    const { pageBytes } = this.#space
    if (offset % pageBytes !== 0) {
      throw new MalformedDataError({
        what: 'clone',
        offset,
        expected: `whole pages of ${pageBytes} bytes`,
        found: `data from ${offset}`,
      })
    }
    const first = this.#pagesBefore + offset / pageBytes
    for (let at = 0; at + pageBytes <= bytes.length; at += pageBytes) {
      const page = first + at / pageBytes
      if (checkPage(bytes, at, page, this.#space) === 'damaged') this.#damaged.add(page)
      else this.#damaged.delete(page)
    }
  }

  /** One of those whose last version is not what the server wrote. */
  get damaged(): number | undefined {
    return this.#damaged.values().next().value
  }
}
