// Takes one file of SQL in: definitions into the builder, rows into the sink.
import { HoldfastError } from '../../core/errors.ts'
import { BadValue, storedColumns, writeRow } from './column-forms.ts'
import type { DumpHeader } from './dump-origin.ts'
import { readComment } from './dump-origin.ts'
import type { ImportBuilder } from './import-builder.ts'
import { addRows, type ImportedTable } from './imported-parts.ts'
import type { RowIntake } from './row-intake.ts'
import { type Place, refused, type SqlItem, SqlReader, type TakeRow } from './sql-reader.ts'
import type { StatementReader } from './statements.ts'

/** Where definitions go, and the session that reads them. */
export interface Receiver {
  readonly builder: ImportBuilder
  readonly statements: StatementReader
}

export interface SqlFileOptions {
  readonly intake: RowIntake
  readonly header: DumpHeader
  /** Called when the comments at the head of the dump are read. */
  readonly receiver: () => Receiver
  readonly signal: AbortSignal | undefined
  /** See SqlReader. */
  readonly codeEnd?: string
}

/** @throws HoldfastError UNSUPPORTED with the place of what cannot be taken in */
export class SqlFile {
  readonly #options: SqlFileOptions
  readonly #reader: SqlReader
  /** Whose rows the intake is at. */
  #table: ImportedTable | undefined

  constructor(file: string, source: AsyncIterable<Buffer>, options: SqlFileOptions) {
    this.#options = options
    this.#reader = new SqlReader(file, source, options.codeEnd)
  }

  async take(): Promise<void> {
    const { signal, header } = this.#options
    try {
      for (let item = await this.#reader.next(); item !== undefined; item = await this.#reader.next()) {
        signal?.throwIfAborted()
        if (item.kind === 'comment') {
          readComment(header, item.text)
          continue
        }
        // Definitions and rows behind the trailer are of another dump, whose own trailer must come.
        header.isComplete = false
        const receiver = this.#options.receiver()
        if (item.kind === 'insert') await this.#rows(item, receiver)
        else receiver.statements.read(item.bytes, item.place)
        this.#reader.mode = receiver.statements.session.mode
      }
      await this.#endTable()
    } catch (error) {
      await this.#options.intake.abandon()
      throw error
    }
  }

  async #rows(item: Extract<SqlItem, { kind: 'insert' }>, { builder, statements }: Receiver): Promise<void> {
    const { intake } = this.#options
    const { place } = item
    const schema = statements.schemaAt(place, item.schema)
    if (!builder.isWanted(schema)) {
      while (await this.#reader.nextRows(() => undefined));
      return
    }
    if (builder.isSequenceTable(schema, item.table)) {
      await this.#sequence(schema, item, builder)
      return
    }
    const table = builder.table(schema, item.table)
    if (table === undefined) {
      throw refused(place, `rows of ${schema}.${item.table} come without its definition`)
    }
    checkTimeZone(table, statements.session.timeZone, place)
    const form = builder.form(table, item.columns, clientCharset(statements, place))
    if (this.#table !== table) {
      await this.#endTable()
      this.#table = table
      intake.begin(storedColumns(form))
    }
    const { mode } = statements.session
    let rows = 0
    const take: TakeRow = (bytes, row) => {
      rows++
      try {
        writeRow(intake.packets, form, bytes, row, mode)
      } catch (error) {
        if (!(error instanceof BadValue)) throw error
        throw refused(
          place,
          `row ${rows} of this INSERT into ${schema}.${item.table}: ${error.message}`,
          error,
        )
      }
    }
    for (let isMore = true; isMore; ) {
      isMore = await this.#reader.nextRows(take)
      await intake.relieve()
    }
  }

  async #sequence(
    schema: string,
    { table: name, place }: Extract<SqlItem, { kind: 'insert' }>,
    builder: ImportBuilder,
  ): Promise<void> {
    const rows: (readonly string[])[] = []
    const take: TakeRow = (bytes, row) => {
      rows.push(
        Array.from({ length: row.length }, (_, at) => {
          const { start, end } = row.at(at)
          return bytes.toString('latin1', start, end)
        }),
      )
    }
    while (await this.#reader.nextRows(take));
    const [row = []] = rows
    builder.defineSequenceByRow(schema, name, row, place)
  }

  async #endTable(): Promise<void> {
    const table = this.#table
    if (table === undefined) return
    addRows(table, await this.#options.intake.end())
    this.#table = undefined
  }
}

/** The character set that the texts of rows are in. */
function clientCharset({ session }: StatementReader, place: Place): string {
  const charset = session.charsetClient
  if (/^(?:utf8|utf8mb3|utf8mb4|ascii|latin1|binary)$/.test(charset)) return charset
  throw refused(place, `rows are in ${charset}, which cannot be taken in: dump them in utf8mb4`)
}

/** @throws HoldfastError UNSUPPORTED naming a table whose rows are in another time zone than UTC, or in one that is not known */
export function checkTimeZone(
  { schema, definition }: ImportedTable,
  timeZone: string | undefined,
  place: Place,
): void {
  if (timeZone === '+00:00' || timeZone?.toUpperCase() === 'UTC') return
  if (!definition.columns.some(({ type }) => type === 'timestamp')) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `${place.file}, line ${place.line}: ${schema}.${definition.name} has TIMESTAMP columns, and the dump ${timeZone === undefined ? 'does not say in which time zone they are' : `has them in time zone ${timeZone}`}`,
    { file: place.file, line: place.line },
    { hint: 'Dump again without --skip-tz-utc: then times are in UTC.' },
  )
}
