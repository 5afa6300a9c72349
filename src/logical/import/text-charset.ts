// Whether files of --tab have text in each column's own character set or all of it in utf8mb4, as far as their bytes tell.
import { isUtf8 } from 'node:buffer'
import { HoldfastError } from '../../core/errors.ts'
import { BadValue, type RowForm } from './column-forms.ts'
import type { ImportBuilder } from './import-builder.ts'
import type { ImportedTable } from './imported-parts.ts'
import type { RowCells } from './text-rows.ts'

/** `binary`: each column in its own, as without --default-character-set. `utf8mb4`: with --default-character-set=utf8mb4. */
export type TextCharset = 'binary' | 'utf8mb4'

/** Both write the same bytes of these. */
const alike = /^(?:utf8|utf8mb3|utf8mb4|ascii)$/

/**
 * The definitions beside the rows are the same to the letter. Text of other character sets is ambiguous where it is not ASCII and happens to
 * be UTF-8; bytes that are no UTF-8, in any column of the dump, prove that it is not in utf8mb4.
 */
export class TextCharsets {
  readonly #said: TextCharset | undefined
  /** The first column that can be read in both ways. */
  #ambiguous: { readonly file: string; readonly column: string; readonly charset: string } | undefined
  #isProven: boolean

  constructor(said: TextCharset | undefined) {
    this.#said = said
    this.#isProven = said === 'binary'
  }

  /** What text is taken as; refuse() tells at the end whether that was right. */
  get assumed(): TextCharset {
    return this.#said ?? 'binary'
  }

  /**
   * Looks at the rows of a file. Undefined where there is nothing to look for.
   * @throws BadValue for bytes that are no UTF-8 where the text is said to be
   */
  watch(file: string, { schema, definition }: ImportedTable, form: RowForm): WatchRow | undefined {
    if (this.#isProven) return undefined
    const columns = form.columns.flatMap((column, at) => {
      const { charset, type = '' } = definition.columns.find(({ name }) => name === column?.name) ?? {}
      const isText = charset !== undefined && charset !== 'binary'
      if (column === undefined || (isText ? alike.test(charset) : !isOfBytes(type))) return []
      const name = `${column.name} of ${schema}.${definition.name}`
      return [{ at, column: name, charset: isText ? charset : undefined }]
    })
    if (columns.length === 0) return undefined
    return (bytes, { starts, ends }) => {
      if (this.#isProven) return
      for (const { at, column, charset } of columns) {
        const [start = 0, end = 0] = [starts[at], ends[at]]
        if (isAscii(bytes, start, end)) continue
        if (!isUtf8(bytes.subarray(start, end))) this.#prove(column)
        else if (charset !== undefined) this.#ambiguous ??= { file, column, charset }
      }
    }
  }

  /** What a dump in utf8mb4 has lost itself. */
  lostBytes(builder: ImportBuilder): readonly string[] {
    const tables = this.#said === 'utf8mb4' ? builder.byteTables() : []
    if (tables.length === 0) return []
    return [
      `in a dump in utf8mb4, bytes of BLOB, BINARY, BIT and spatial columns that are no UTF-8 are lost, and cannot come back: ${tables.join(', ')}`,
    ]
  }

  #prove(column: string): void {
    if (this.#said === 'utf8mb4') throw new BadValue(`column ${column} has bytes that are not in utf8mb4`)
    this.#isProven = true
  }

  /** @throws HoldfastError UNSUPPORTED naming a column whose text may mean two things */
  refuse(): void {
    if (this.#said !== undefined || this.#isProven || this.#ambiguous === undefined) return
    const { file, column, charset } = this.#ambiguous
    throw new HoldfastError(
      'UNSUPPORTED',
      `${file}: text of column ${column} may be in ${charset} or in utf8mb4, and such a dump does not say in which`,
      { file, charset },
      {
        hint:
          'Say --character-set utf8mb4 where it was made with --default-character-set=utf8mb4, and --character-set binary where it was ' +
          'made without.',
      },
    )
  }
}

/** A BIT is left out: MariaDB writes it without escapes. */
function isOfBytes(type: string): boolean {
  return /blob$|binary$/.test(type)
}

export type WatchRow = (bytes: Buffer, row: RowCells) => void

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] ?? 0) >= 0x80) return false
  return true
}
