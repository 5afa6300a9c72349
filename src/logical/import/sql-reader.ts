// Cuts a stream of SQL, as dump programs write it for the plain clients, into comments, statements, and the rows of INSERT statements.
import { HoldfastError } from '../../core/errors.ts'
import { type InsertHead, parseInsertHead } from './insert-head.ts'
import { NoLiteral, ParsedRow, parseRow, skipBlanks } from './row-values.ts'
import {
  char,
  endOfComment,
  endOfStatement,
  isSpace,
  type LexicalMode,
  needMore,
  plainMode,
} from './sql-scan.ts'

/** A file of a dump, and the line in it; from 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

export type SqlItem =
  /** A line that starts with `--`, without the dashes. */
  | { readonly kind: 'comment'; readonly text: string; readonly place: Place }
  /** Without its delimiter and the blanks around it; valid until the next call. */
  | { readonly kind: 'statement'; readonly bytes: Buffer; readonly place: Place }
  /** Its rows come through nextRow(), and must be read before the next item. */
  | ({ readonly kind: 'insert'; readonly place: Place } & InsertHead)

/** Gets a row and the bytes that it stands in; neither may be kept. */
export type TakeRow = (bytes: Buffer, row: ParsedRow) => void

// What is not rows is kept whole. max_allowed_packet cannot be more than 1 GiB, and no definition is near this.
const maxStatementBytes = 256 * 1024 * 1024
// A row may be as long as a packet, and is written with two bytes for each byte that must be escaped.
const maxRowBytes = 2 * 1024 * 1024 * 1024

const semicolon = Buffer.from(';')
/** Of what is not known. */
const shownBytes = 40

/** Keeps as much of the stream as the longest row or statement, twice. */
export class SqlReader {
  mode: LexicalMode = plainMode
  readonly #file: string
  readonly #source: AsyncIterator<Buffer>
  readonly #row = new ParsedRow()
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #isLast = false
  #delimiter = Buffer.from(';')
  #line = 1
  #countedTo = 0
  #isAtRow = false

  readonly #codeEnd: string | undefined

  /**
   * `codeEnd`: what follows the delimiter behind each CREATE, for files that hold code without DELIMITER, whose bodies have delimiters
   * within.
   */
  constructor(file: string, source: AsyncIterable<Buffer>, codeEnd?: string) {
    this.#file = file
    this.#codeEnd = codeEnd
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Where reading stands. */
  get place(): Place {
    return { file: this.#file, line: this.#lineAt(this.#at) }
  }

  /** Undefined at the end. Throws UNSUPPORTED with the place where a statement, quote or comment is cut off. */
  async next(): Promise<SqlItem | undefined> {
    if (this.#isAtRow) throw new Error('the rows of an INSERT were not read')
    for (;;) {
      if (!(await this.#skipSpace())) return undefined
      const { place } = this
      if (await this.#startsWith('--')) {
        const comment = await this.#whole(() => endOfComment(this.#scanned(), this.#at), maxStatementBytes)
        if (comment.length > 0) return { kind: 'comment', text: comment.toString('utf8', 2).trim(), place }
      }
      if (await this.#skipCommand()) continue
      const comment = await this.#whole(() => endOfComment(this.#scanned(), this.#at), maxStatementBytes)
      if (comment.length > 0) continue
      return this.#statement(place)
    }
  }

  /**
   * Hands out the next rows of the INSERT that next() has answered, one at least; false when these were the last.
   * @throws HoldfastError UNSUPPORTED with the place of what is no row of literals
   */
  async nextRows(take: TakeRow): Promise<boolean> {
    if (!this.#isAtRow) throw new Error('there are no rows to be read')
    try {
      await this.#until(() => this.#parseRows(take), maxRowBytes)
    } catch (error) {
      throw await this.#refusal(error)
    }
    return this.#isAtRow
  }

  /** What to throw for an INSERT that cannot be read; any other error as it is. */
  async #refusal(error: unknown): Promise<unknown> {
    if (!(error instanceof NoLiteral)) return error
    this.#at = error.at
    const { place } = this
    while (this.#bytes.length - this.#at < shownBytes && (await this.#read(shownBytes)));
    const found = this.#bytes.toString('utf8', this.#at, this.#at + shownBytes)
    return refused(place, `rows of literals are expected, and here is: ${found}`, error)
  }

  /** All rows that are held whole; needMore when there is none. */
  #parseRows(take: TakeRow): number {
    const scanned = this.#scanned()
    const row = this.#row
    let rows = 0
    for (;;) {
      const start = skipBlanks(scanned, this.#at)
      if (start === needMore) break
      if (scanned.bytes[start] !== char.open) throw new NoLiteral(start)
      const end = parseRow(scanned, start, this.mode, row)
      // Whether another row follows is to be known, too: a row is taken once only.
      const next = end === needMore ? needMore : this.#behindRow(end)
      if (next === needMore) break
      take(scanned.bytes, row)
      rows++
      this.#at = next
      if (!this.#isAtRow) break
    }
    return rows === 0 ? needMore : this.#at
  }

  /** Behind the comma, or behind the delimiter that ends the statement. */
  #behindRow(end: number): number {
    const scanned = this.#scanned()
    const { bytes, isLast } = scanned
    const at = skipBlanks(scanned, end)
    if (at === needMore) {
      if (!isLast) return needMore
      this.#isAtRow = false
      return bytes.length
    }
    if (bytes[at] === char.comma) return at + 1
    const { length } = this.#delimiter
    if (at + length > bytes.length && !isLast) return needMore
    if (!bytes.subarray(at, at + length).equals(this.#delimiter)) throw new NoLiteral(at)
    this.#isAtRow = false
    return at + length
  }

  async #statement(place: Place): Promise<SqlItem> {
    if (await this.#startsWithInsert()) {
      let head: InsertHead | undefined
      try {
        this.#at = await this.#until(() => {
          const parsed = parseInsertHead(this.#scanned(), this.#at, this.mode)
          if (parsed === needMore) return needMore
          head = parsed.head
          return parsed.end
        }, maxStatementBytes)
      } catch (error) {
        throw await this.#refusal(error)
      }
      if (head !== undefined) {
        this.#isAtRow = true
        return { kind: 'insert', place, ...head }
      }
    }
    const codeEnd =
      (await this.#startsWith('CREATE')) && this.#delimiter.equals(semicolon) ? this.#codeEnd : undefined
    const bytes = await this.#whole(() => {
      if (codeEnd === undefined) return endOfStatement(this.#scanned(), this.#at, this.#delimiter, this.mode)
      const end = this.#bytes.indexOf(`;\n${codeEnd}`, this.#at, 'latin1')
      return end < 0 ? needMore : end
    }, maxStatementBytes)
    let end = bytes.length
    while (end > 0 && isSpace(bytes[end - 1])) end--
    this.#at = Math.min(this.#at + this.#delimiter.length, this.#bytes.length)
    return { kind: 'statement', bytes: bytes.subarray(0, end), place }
  }

  /** The commands of the plain clients that dump programs use: DELIMITER, and the sandbox line of mariadb-dump. */
  async #skipCommand(): Promise<boolean> {
    if (await this.#startsWith('DELIMITER')) {
      const line = await this.#restOfLine()
      const delimiter = /^DELIMITER\s+(\S+)/i.exec(line)?.[1]
      if (delimiter !== undefined) {
        this.#delimiter = Buffer.from(delimiter, 'latin1')
        return true
      }
      throw refused(this.place, `not a delimiter: ${line}`)
    }
    // `/*M!999999\- enable the sandbox mode */`, and without the M in some releases: no statement, and without a delimiter.
    for (const start of ['/*M!999999\\-', '/*!999999\\-']) {
      if (!(await this.#startsWith(start))) continue
      this.#at = await this.#until(() => {
        const end = this.#bytes.indexOf('*/', this.#at, 'latin1')
        return end < 0 ? needMore : end + 2
      }, maxStatementBytes)
      return true
    }
    return false
  }

  async #restOfLine(): Promise<string> {
    const bytes = await this.#whole(() => {
      const end = this.#bytes.indexOf(char.lineFeed, this.#at)
      if (end >= 0) return end + 1
      return this.#isLast ? this.#bytes.length : needMore
    }, maxStatementBytes)
    return bytes.toString('latin1').trimEnd()
  }

  async #startsWithInsert(): Promise<boolean> {
    for (const word of ['INSERT', 'REPLACE']) {
      if (!(await this.#startsWith(word))) continue
      return isSpace(this.#bytes[this.#at + word.length])
    }
    return false
  }

  /** Whatever the case. Looks one byte further, too. */
  async #startsWith(text: string): Promise<boolean> {
    while (this.#bytes.length < this.#at + text.length + 1 && (await this.#read(1)));
    return (
      this.#bytes.toString('latin1', this.#at, this.#at + text.length).toUpperCase() === text.toUpperCase()
    )
  }

  async #skipSpace(): Promise<boolean> {
    for (;;) {
      while (isSpace(this.#bytes[this.#at])) this.#at++
      if (this.#at < this.#bytes.length) return true
      if (!(await this.#read(1))) return false
    }
  }

  #scanned(): { readonly bytes: Buffer; readonly isLast: boolean } {
    return { bytes: this.#bytes, isLast: this.#isLast }
  }

  /** The bytes up to the end that `find` answers, once there are enough of them; goes on behind them. */
  async #whole(find: () => number, maxBytes: number): Promise<Buffer> {
    const end = await this.#until(find, maxBytes)
    const from = this.#at
    this.#at = end
    return this.#bytes.subarray(from, end)
  }

  async #until(find: () => number, maxBytes: number): Promise<number> {
    for (;;) {
      const end = find()
      if (end !== needMore) return end
      const held = this.#bytes.length - this.#at
      if (held > maxBytes) {
        throw refused(this.place, `a statement or row is longer than ${maxBytes} bytes`)
      }
      // As much again as there is: a long statement is looked through a few times, not once for each piece.
      if (!(await this.#read(Math.max(1, held)))) {
        const { file, line } = this.place
        throw new HoldfastError(
          'DUMP_INCOMPLETE',
          `${file} ends within the statement, quote or comment that starts in line ${line}`,
          { file, line },
        )
      }
    }
  }

  /** Reads on until there are `wanted` bytes more, or no more; false when there was nothing. Offsets change: what was read is let go. */
  async #read(wanted: number): Promise<boolean> {
    if (this.#isLast) return false
    const parts: Buffer[] = []
    let got = 0
    while (got < wanted) {
      const { done, value } = await this.#source.next()
      if (done === true) {
        this.#isLast = true
        break
      }
      parts.push(value)
      got += value.length
    }
    // The end is news, too: what was not decided without knowing more can be now.
    if (got > 0) {
      this.#line = this.#lineAt(this.#at)
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...parts])
      this.#at = 0
      this.#countedTo = 0
    }
    return true
  }

  #lineAt(offset: number): number {
    let line = this.#line
    for (let at = this.#bytes.indexOf(char.lineFeed, this.#countedTo); at >= 0 && at < offset; line++) {
      at = this.#bytes.indexOf(char.lineFeed, at + 1)
    }
    this.#line = line
    this.#countedTo = Math.max(this.#countedTo, offset)
    return line
  }
}

export function refused(place: Place, message: string, cause?: unknown): HoldfastError {
  const { file, line } = place
  return new HoldfastError(
    'UNSUPPORTED',
    `${file}, line ${line}: ${message}`,
    { file, line },
    cause === undefined ? {} : { cause },
  )
}
