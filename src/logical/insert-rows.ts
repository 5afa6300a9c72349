// Loads rows with multi-row INSERT statements, where LOAD DATA LOCAL is off or cannot be used.
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'
import type { TextPiece } from './batch-text.ts'
import type { TableContent } from './content.ts'
import { decode, insertHead } from './load-statement.ts'
import { warningText } from './warning-text.ts'

const tab = 0x09
const lineFeed = 0x0a
// 1 MiB: few round trips, and below the smallest max_allowed_packet in use (4 MiB in MySQL 5.7 clients, 16 MiB on servers).
const statementBytes = 1024 * 1024
// Room for the head of a statement and for what escaping adds to its last row.
const spareBytes = 64 * 1024

/** @throws HoldfastError LOAD_MISMATCH when not exactly the rows of the piece arrived, without any warning */
export async function insertPiece(
  connection: Connection,
  schema: string,
  table: TableContent,
  piece: TextPiece,
  signal: AbortSignal | undefined,
  isStrict: boolean,
): Promise<void> {
  const inserter = new Inserter(connection, schema, table, signal, isStrict)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of piece) {
    let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed)) {
      await inserter.add(bytes.subarray(0, end))
      bytes = bytes.subarray(end + 1)
    }
    rest = bytes
    if (rest.length > connection.maxAllowedPacketBytes) throw tooLong(connection, schema, table)
  }
  await inserter.flush()
  if (inserter.rows !== piece.rows) {
    throw new HoldfastError(
      'LOAD_MISMATCH',
      `${schema}.${table.name} took ${inserter.rows} of ${piece.rows} rows`,
      { schema, table: table.name, rows: piece.rows },
    )
  }
}

class Inserter {
  readonly #connection: Connection
  readonly #schema: string
  readonly #table: TableContent
  readonly #signal: AbortSignal | undefined
  readonly #isStrict: boolean
  readonly #head: Buffer
  readonly #wraps: readonly (readonly [before: Buffer, after: Buffer])[]
  #parts: Buffer[] = []
  #bytes = 0
  #pending = 0
  rows = 0

  constructor(
    connection: Connection,
    schema: string,
    table: TableContent,
    signal: AbortSignal | undefined,
    isStrict: boolean,
  ) {
    this.#connection = connection
    this.#schema = schema
    this.#table = table
    this.#signal = signal
    this.#isStrict = isStrict
    this.#head = Buffer.from(insertHead(schema, table))
    this.#wraps = table.columns.map((column) => {
      const [before = '', after = ''] = decode(column, '\0').split('\0')
      return [Buffer.from(before), Buffer.from(after)]
    })
  }

  /** `row` is a row of LOAD DATA text without its LF. */
  async add(row: Buffer): Promise<void> {
    const limit = Math.min(statementBytes, this.#connection.maxAllowedPacketBytes - spareBytes)
    const tuple = this.#tuple(row)
    if (this.#pending > 0 && this.#bytes + tuple.length + 1 > limit) await this.flush()
    if (this.#head.length + tuple.length >= this.#connection.maxAllowedPacketBytes) {
      throw tooLong(this.#connection, this.#schema, this.#table)
    }
    this.#parts.push(this.#pending === 0 ? this.#head : Buffer.from(','), tuple)
    this.#bytes += tuple.length + 1
    this.#pending++
  }

  async flush(): Promise<void> {
    if (this.#pending === 0) return
    const statement = Buffer.concat(this.#parts)
    const sent = this.#pending
    this.#parts = []
    this.#bytes = 0
    this.#pending = 0
    const ok = await this.#connection.run(statement, { signal: this.#signal })
    if (ok.affectedRows !== sent || (ok.warnings > 0 && this.#isStrict)) {
      const { name } = this.#table
      throw new HoldfastError(
        'LOAD_MISMATCH',
        `${this.#schema}.${name} took ${ok.affectedRows} of ${sent} rows with ${ok.warnings} warnings${await warningText(this.#connection)}`,
        { schema: this.#schema, table: name, rows: sent },
      )
    }
    this.rows += sent
  }

  #tuple(row: Buffer): Buffer {
    const parts: Buffer[] = []
    let start = 0
    for (const [before, after] of this.#wraps) {
      const found = row.indexOf(tab, start)
      const end = found < 0 ? row.length : found
      parts.push(parts.length === 0 ? opening : comma, before, literal(row.subarray(start, end)), after)
      start = end + 1
    }
    parts.push(closing)
    return Buffer.concat(parts)
  }
}

const opening = Buffer.from('(')
const comma = Buffer.from(',')
const closing = Buffer.from(')')
const nullCell = Buffer.from('\\N')
const nullLiteral = Buffer.from('NULL')
const quote = 0x27

/** A cell's escapes mean the same within quotes; only the quote itself is to be escaped. */
function literal(cell: Buffer): Buffer {
  if (cell.equals(nullCell)) return nullLiteral
  const parts: Buffer[] = [Buffer.from("_binary'")]
  let start = 0
  for (let at = cell.indexOf(quote); at >= 0; at = cell.indexOf(quote, at + 1)) {
    parts.push(cell.subarray(start, at), Buffer.from("\\'"))
    start = at + 1
  }
  parts.push(cell.subarray(start), Buffer.from("'"))
  return Buffer.concat(parts)
}

function tooLong(connection: Connection, schema: string, table: TableContent): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `a row of ${schema}.${table.name} is longer than max_allowed_packet (${connection.maxAllowedPacketBytes} bytes) of the target`,
    { schema, table: table.name, maxAllowedPacketBytes: connection.maxAllowedPacketBytes },
    { hint: 'Raise max_allowed_packet on the target, or set local_infile = 1 there.' },
  )
}
