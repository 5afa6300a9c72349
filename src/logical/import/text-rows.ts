// Reads rows of text as SELECT … INTO OUTFILE and MySQL Shell write them: TAB, LF, backslash, and \N for NULL.
import { HoldfastError } from '../../core/errors.ts'
import { BadValue, type RowForm, writeCell } from './column-forms.ts'
import type { RowIntake } from './row-intake.ts'
import { char } from './sql-scan.ts'

export interface TextFileOptions {
  readonly file: string
  readonly source: AsyncIterable<Buffer>
  /** What rows may be: the first row tells which of them by the number of its cells. */
  readonly forms: readonly RowForm[]
  /** Called with it before the first row is passed on. Answers who looks at all rows. */
  readonly begin?: (form: RowForm) => ((bytes: Buffer, row: RowCells) => void) | undefined
  /** MariaDB writes BIT as it is, without escapes. */
  readonly hasRawBits: boolean
  /** What becomes of the bytes of each cell before they are stored, such as decoding of base64. */
  readonly decoders: readonly (Decoder | undefined)[]
  readonly signal: AbortSignal | undefined
  /** Nothing says how cells and rows end and whether cells are quoted: the rows themselves must not look otherwise. */
  readonly isFormUnsaid?: boolean
}

export type Decoder = (cell: Buffer) => Buffer

const meanings = new Map(
  Object.entries({ 0: 0x00, b: 0x08, n: 0x0a, r: 0x0d, t: 0x09, Z: 0x1a }).map(([letter, byte]) => [
    letter.charCodeAt(0),
    byte,
  ]),
)
const letterN = 0x4e
const returned = 0x0d

/** Where the cells of a row start and end. */
export interface RowCells {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

class TextRow implements RowCells {
  readonly starts: number[] = []
  readonly ends: number[] = []
  readonly escaped: boolean[] = []
  length = 0

  add(start: number, end: number, isEscaped: boolean): void {
    this.starts[this.length] = start
    this.ends[this.length] = end
    this.escaped[this.length] = isEscaped
    this.length++
  }
}

const quotes = new Set(['"', "'", '`'].map((quote) => quote.charCodeAt(0)))
/** OPTIONALLY ENCLOSED BY leaves these without quotes. */
const unquoted = new Set('tinyint smallint mediumint int bigint decimal float double year bit'.split(' '))

/** What all rows of a file have in common, from which it shows that it was written with other options. */
class CommonForm {
  readonly #form: RowForm
  readonly #quotable: readonly number[]
  #isReturned = true
  /** Undefined before the first cell, 0 where there is none in common. */
  #quote: number | undefined

  constructor(form: RowForm) {
    this.#form = form
    const all = [...form.columns.keys()].filter((at) => form.columns[at] !== undefined)
    const texts = all.filter((at) => !unquoted.has(form.columns[at]?.type ?? ''))
    this.#quotable = texts.length > 0 ? texts : all
  }

  add(bytes: Buffer, row: TextRow): void {
    if (this.#isReturned) this.#isReturned = this.#endsInReturn(bytes, row)
    if (this.#quote === 0) return
    for (const at of this.#quotable) {
      const start = row.starts[at] ?? 0
      const end = row.ends[at] ?? 0
      if (end - start === 2 && isNullAt(bytes, start)) continue
      const first = bytes[start] ?? 0
      const isQuoted = end - start >= 2 && quotes.has(first) && bytes[end - 1] === first
      this.#quote = isQuoted && (this.#quote ?? first) === first ? first : 0
      if (this.#quote === 0) return
    }
  }

  /** Of a file with at least one row. */
  get sign(): string | undefined {
    if (this.#isReturned) return 'all rows end in CR LF'
    return this.#quote === undefined || this.#quote === 0
      ? undefined
      : `all texts are within ${String.fromCharCode(this.#quote)}`
  }

  #endsInReturn(bytes: Buffer, row: TextRow): boolean {
    const last = row.length - 1
    const start = row.starts[last] ?? 0
    const end = row.ends[last] ?? 0
    // All of a BIT that is written as it is may look like one.
    return end > start && bytes[end - 1] === returned && end - start !== this.#form.columns[last]?.bitBytes
  }
}

/**
 * Passes all rows of a file to `intake`, which was begun with `columns` at the first of them, and answers their number.
 * @throws HoldfastError UNSUPPORTED naming file and row that do not fit, DUMP_INCOMPLETE where the last row has no end
 */
export async function takeTextRows(intake: RowIntake, options: TextFileOptions): Promise<number> {
  const { file, source, signal } = options
  const row = new TextRow()
  let form: RowForm | undefined
  let common: CommonForm | undefined
  let watch: ReturnType<NonNullable<TextFileOptions['begin']>>
  let rows = 0
  let held: Buffer = Buffer.alloc(0)
  let waiting: Buffer[] = []
  let waitingBytes = 0
  /** Settles the form. */
  const firstRow = (): number => {
    for (const candidate of options.forms) {
      const end = endOfRow(held, 0, row, rawBits(options, candidate))
      if (end === 0) return 0
      if (row.length !== candidate.columns.length) continue
      form = candidate
      if (options.isFormUnsaid === true) common = new CommonForm(form)
      watch = options.begin?.(form)
      return end
    }
    const counts = options.forms.map(({ columns }) => columns.length).join(' or ')
    throw misfit(file, 1, `${row.length} cells for ${counts} columns`)
  }
  const take = async (): Promise<void> => {
    held = Buffer.concat([held, ...waiting])
    waiting = []
    waitingBytes = 0
    let at = 0
    for (;;) {
      const end: number = form === undefined ? firstRow() : endOfRow(held, at, row, rawBits(options, form))
      if (end === 0) break
      rows++
      common?.add(held, row)
      try {
        watch?.(held, row)
        if (form !== undefined) writeTextRow(intake, form, held, row, options)
      } catch (error) {
        if (!(error instanceof BadValue)) throw error
        throw misfit(file, rows, error.message)
      }
      at = end
      await intake.relieve()
    }
    held = held.subarray(at)
  }
  for await (const piece of source) {
    signal?.throwIfAborted()
    waiting.push(piece)
    waitingBytes += piece.length
    // As much again as is held of a row that has no end yet: a long one is looked through a few times only.
    if (waitingBytes >= held.length) await take()
  }
  if (waitingBytes > 0) await take()
  if (held.length > 0) {
    throw new HoldfastError('DUMP_INCOMPLETE', `${file} ends within row ${rows + 1}`, { file })
  }
  const sign = common?.sign
  if (sign !== undefined) {
    throw new HoldfastError(
      'UNSUPPORTED',
      `${file}: ${sign}, as with --lines-terminated-by or --fields-enclosed-by, which cannot be told from what the rows have`,
      { file },
      { hint: 'Dump again without such options, or dump this table as SQL, without --tab.' },
    )
  }
  return rows
}

function rawBits({ hasRawBits }: TextFileOptions, form: RowForm): readonly number[] | undefined {
  if (!hasRawBits) return undefined
  const bytes = form.columns.map((column) => column?.bitBytes ?? 0)
  return bytes.some((length) => length > 0) ? bytes : undefined
}

/** Behind the LF that ends the row at `start`; 0 where it is not there yet. `raw`: cells of that many bytes without escapes. */
function endOfRow(bytes: Buffer, start: number, row: TextRow, raw: readonly number[] | undefined): number {
  row.length = 0
  let cellStart = start
  let isEscaped = false
  for (let at = start; at < bytes.length; at++) {
    const fixed = at === cellStart ? (raw?.[row.length] ?? 0) : 0
    if (fixed > 0 && !isNullAt(bytes, at)) at += fixed
    const byte = bytes[at]
    if (byte === char.backslash) {
      isEscaped = true
      at++
    } else if (byte === char.tab || byte === char.lineFeed) {
      row.add(cellStart, at, isEscaped && fixed === 0)
      if (byte === char.lineFeed) return at + 1
      cellStart = at + 1
      isEscaped = false
    }
  }
  return 0
}

/** `\N` and the end of the cell. */
function isNullAt(bytes: Buffer, at: number): boolean {
  const end = bytes[at + 2]
  return (
    bytes[at] === char.backslash && bytes[at + 1] === letterN && (end === char.tab || end === char.lineFeed)
  )
}

function misfit(file: string, row: number, what: string): HoldfastError {
  return new HoldfastError('UNSUPPORTED', `${file}, row ${row}: ${what}`, { file, row })
}

function writeTextRow(
  intake: RowIntake,
  { columns, endedAt }: RowForm,
  bytes: Buffer,
  row: TextRow,
  { decoders }: TextFileOptions,
): void {
  const { packets } = intake
  if (row.length !== columns.length) throw new BadValue(`${row.length} cells for ${columns.length} columns`)
  if (endedAt !== undefined && !isStillValid(bytes, row, endedAt)) return
  packets.beginRow()
  for (let at = 0; at < columns.length; at++) {
    const column = columns[at]
    if (column === undefined) continue
    const start = row.starts[at] ?? 0
    const end = row.ends[at] ?? 0
    if (end - start === 2 && isNullAt(bytes, start)) {
      packets.null()
      continue
    }
    const decode = decoders[at]
    if (decode === undefined && row.escaped[at] !== true) writeCell(packets, column, bytes, start, end)
    else {
      const cell = row.escaped[at] === true ? unescapedCell(bytes, start, end) : bytes.subarray(start, end)
      writeCell(packets, column, decode === undefined ? cell : decode(cell))
    }
  }
  packets.endRow()
}

function isStillValid(bytes: Buffer, row: TextRow, at: number): boolean {
  return bytes.toString('latin1', row.starts[at], row.ends[at]) === '18446744073709551615'
}

function unescapedCell(bytes: Buffer, start: number, end: number): Buffer {
  const cell = Buffer.allocUnsafe(end - start)
  let length = 0
  for (let at = start; at < end; at++) {
    let byte = bytes[at] ?? 0
    if (byte === char.backslash) {
      const next = bytes[++at] ?? char.backslash
      byte = meanings.get(next) ?? next
    }
    cell[length++] = byte
  }
  return cell.subarray(0, length)
}
