// Takes in the folders that MySQL Shell and MariaDB Shell dump: definitions as SQL, rows as text with columns named in JSON.
import { HoldfastError } from '../../core/errors.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { BadValue, storedColumns } from './column-forms.ts'
import { emptyHeader, localMicros } from './dump-origin.ts'
import { finishImport } from './finish-import.ts'
import type { ImportBuilder } from './import-builder.ts'
import type { ImportOptions, ImportResult } from './import-dump.ts'
import { addRows, type ImportedTable } from './imported-parts.ts'
import { type DumpOrigin, receiverOf } from './mysqldump.ts'
import type { RowIntake } from './row-intake.ts'
import { shellChunks } from './shell-chunks.ts'
import {
  readShellDone,
  readShellInstance,
  readShellSchema,
  readShellTable,
  type ShellInstance,
  type ShellTable,
} from './shell-documents.ts'
import { SqlFile } from './sql-file.ts'
import { type Decoder, takeTextRows } from './text-rows.ts'

/** What a reader must know of to read a dump right. */
const knownCapabilities = new Set(['partition_awareness'])
/** Options that leave something out. */
const narrowing = /^(?:include|exclude|where|partitions)/

/** @throws HoldfastError DUMP_INCOMPLETE, UNSUPPORTED */
export async function importShell(options: ImportOptions, intake: RowIntake): Promise<ImportResult> {
  const { files } = options
  const instance = await readShellInstance(files)
  const done = await readShellDone(files)
  refuseUnknown(instance)
  const origin = originOf(instance)
  const take = new ShellImport(options, origin, instance, intake)
  await take.sql('@.sql')
  for (const name of instance.schemas) {
    if (take.builder.isWanted(name)) await take.schema(name, instance.basenames[name] ?? name)
  }
  await take.sql('@.post.sql')
  take.checkRows(done.tableRows ?? {})
  const isNarrowed = Object.keys(instance.options ?? {}).some((name) => narrowing.test(name))
  return finishImport({
    builder: take.builder,
    format: 'mysql-shell',
    ...origin,
    isEverything: instance.origin === 'dumpInstance' && !isNarrowed,
    point: pointOf(instance, origin, localMicros(done.end) ?? (await files.changedMicros('@.done.json'))),
    warnings: [
      ...(instance.consistent === false ? ['the dump was taken without a consistent snapshot'] : []),
      ...(files.names.includes('@.users.sql') ? ['accounts and grants are not part of the backup'] : []),
    ],
  })
}

/** @throws HoldfastError UNSUPPORTED naming what a dump needs and is not known here */
function refuseUnknown({ capabilities = [], version }: ShellInstance): void {
  const unknown = capabilities.map(({ id }) => id).filter((id) => !knownCapabilities.has(id))
  if (unknown.length > 0) {
    throw new HoldfastError('UNSUPPORTED', `the dump needs ${unknown.join(', ')}, which is not known here`, {
      capabilities: unknown.join(', '),
    })
  }
  if (!/^[12]\./.test(version)) {
    throw new HoldfastError('UNSUPPORTED', `dumps of version ${version} are not known here`, { version })
  }
}

function originOf({ serverVersion, source, dumper }: ShellInstance): DumpOrigin {
  const isMariadb = /mariadb/i.test(`${serverVersion} ${source?.vendor ?? ''}`)
  return { flavour: isMariadb ? 'mariadb' : 'mysql', serverVersion, tool: dumper ?? 'MySQL Shell' }
}

function pointOf(instance: ShellInstance, { flavour }: DumpOrigin, timeMicros: number): RecoveryPoint {
  if (instance.consistent === false) return { timeMicros }
  const { binlogFile: file, binlogPosition: offset, gtidExecuted = '' } = instance
  const text = gtidExecuted.replaceAll(/\s/g, '')
  const hasGtid = text !== '' && instance.gtidExecutedInconsistent !== true
  return {
    ...(file === undefined || file === '' || offset === undefined ? {} : { position: { file, offset } }),
    ...(hasGtid ? { gtid: { flavour, text } } : {}),
    timeMicros,
  }
}

class ShellImport {
  readonly builder: ImportBuilder
  readonly #options: ImportOptions
  readonly #origin: DumpOrigin
  readonly #instance: ShellInstance
  readonly #intake: RowIntake
  readonly #names: ReadonlySet<string>

  constructor(options: ImportOptions, origin: DumpOrigin, instance: ShellInstance, intake: RowIntake) {
    this.#options = options
    this.#origin = origin
    this.#instance = instance
    this.#intake = intake
    this.#names = new Set(options.files.names)
    this.builder = receiverOf(origin, undefined).builder
  }

  /** A file of SQL, if it is there. */
  async sql(name: string, schema?: string): Promise<void> {
    if (!this.#names.has(name)) return
    const receiver = receiverOf(this.#origin, schema, this.builder)
    const { files, signal } = this.#options
    const options = { intake: this.#intake, header: emptyHeader(), receiver: () => receiver, signal }
    await new SqlFile(name, files.read(name), options).take()
  }

  async schema(name: string, base: string): Promise<void> {
    const described = await readShellSchema(this.#options.files, base)
    await this.sql(`${base}.sql`, name)
    const baseOf = (relation: string) => described.basenames?.[relation] ?? `${base}@${relation}`
    for (const table of described.tables ?? []) await this.#table(name, table, baseOf(table))
    for (const view of described.views ?? []) await this.sql(`${baseOf(view)}.pre.sql`, name)
    for (const view of described.views ?? []) await this.sql(`${baseOf(view)}.sql`, name)
  }

  /** @throws HoldfastError DUMP_INCOMPLETE naming a table that has other rows than the dump says */
  checkRows(counted: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
    for (const [schema, tables] of Object.entries(counted)) {
      for (const [name, rows] of Object.entries(tables)) {
        const table = this.builder.table(schema, name)
        // Without a definition nothing of a table was listed; without rows it may be a view.
        if (table === undefined ? rows === 0 || !this.builder.isWanted(schema) : table.rows === rows) continue
        throw new HoldfastError(
          'DUMP_INCOMPLETE',
          `${schema}.${name} has ${table?.rows ?? 0} rows, and @.done.json says ${rows}`,
          { schema, table: name, rows },
        )
      }
    }
  }

  async #table(schema: string, name: string, base: string): Promise<void> {
    const described = await readShellTable(this.#options.files, base)
    await this.sql(`${base}.sql`, schema)
    const table = this.builder.table(schema, name)
    if (table === undefined) {
      throw new HoldfastError(
        'DUMP_INCOMPLETE',
        `${base}.sql is missing, or does not define ${schema}.${name}`,
        { schema, table: name },
      )
    }
    if (described.includesData !== false) await this.#rows(table, described, base)
    await this.sql(`${base}.triggers.sql`, schema)
  }

  async #rows(table: ImportedTable, described: ShellTable, base: string): Promise<void> {
    const { schema, definition } = table
    const { options, extension = 'tsv.zst', partitions = [], basenames = {} } = described
    const { columns, decodeColumns = {}, defaultCharacterSet = 'utf8mb4' } = options
    refuseOtherText(described, base)
    if (this.#instance.tzUtc === false && definition.columns.some(({ type }) => type === 'timestamp')) {
      throw new HoldfastError(
        'UNSUPPORTED',
        `${schema}.${definition.name} has TIMESTAMP columns, and the dump was taken without tzUtc`,
      )
    }
    const form = this.builder.form(table, columns, defaultCharacterSet.toLowerCase())
    const decoders = columns.map((column) => decoderOf(base, column, decodeColumns[column]))
    const bases =
      partitions.length === 0 ? [base] : partitions.map((name) => basenames[name] ?? `${base}@${name}`)
    const { files, signal } = this.#options
    this.#intake.begin(storedColumns(form))
    for (const file of bases.flatMap((part) => shellChunks(this.#names, part, extension))) {
      const source = files.read(file)
      await takeTextRows(this.#intake, {
        file,
        source,
        forms: [form],
        hasRawBits: false,
        decoders,
        signal,
      })
    }
    addRows(table, await this.#intake.end())
  }
}

/** @throws HoldfastError UNSUPPORTED for rows that are not TAB, LF and backslash */
function refuseOtherText({ options }: ShellTable, base: string): void {
  const {
    fieldsTerminatedBy = '\t',
    fieldsEnclosedBy = '',
    fieldsEscapedBy = '\\',
    linesTerminatedBy = '\n',
  } = options
  if (
    fieldsTerminatedBy === '\t' &&
    fieldsEnclosedBy === '' &&
    fieldsEscapedBy === '\\' &&
    linesTerminatedBy === '\n'
  )
    return
  throw new HoldfastError(
    'UNSUPPORTED',
    `${base}: rows in another dialect than the default of MySQL Shell cannot be taken in`,
    { file: base },
  )
}

function decoderOf(base: string, column: string, how: string | undefined): Decoder | undefined {
  if (how === undefined) return undefined
  if (how === 'FROM_BASE64') return (cell) => decoded(cell, 'base64', column)
  if (how === 'UNHEX') return (cell) => decoded(cell, 'hex', column)
  throw new HoldfastError(
    'UNSUPPORTED',
    `${base}: column ${column} is written as ${how}, which is not known here`,
    { column },
  )
}

function decoded(cell: Buffer, how: 'base64' | 'hex', column: string): Buffer {
  const text = cell.toString('latin1')
  const isText = how === 'hex' ? /^(?:[0-9A-Fa-f]{2})*$/.test(text) : /^[A-Za-z0-9+/\n]*=*$/.test(text)
  if (!isText) throw new BadValue(`${column} is not ${how}`)
  return Buffer.from(text, how)
}
