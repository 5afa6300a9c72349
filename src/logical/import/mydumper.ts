// Takes in the folders that mydumper writes: rows as INSERT statements or as text for LOAD DATA.
import { HoldfastError } from '../../core/errors.ts'
import type { Flavour } from '../../core/flavour.ts'
import { logicalDialectOf } from '../dialects.ts'
import { storedColumns } from './column-forms.ts'
import { readText } from './dump-files.ts'
import { emptyHeader, localMicros } from './dump-origin.ts'
import { finishImport } from './finish-import.ts'
import { ImportBuilder } from './import-builder.ts'
import type { ImportOptions, ImportResult } from './import-dump.ts'
import { addRows } from './imported-parts.ts'
import { likelyMode } from './likely-mode.ts'
import { parseLoadData } from './load-data.ts'
import { gtidOf, type MydumperMetadata, parseMydumperMetadata } from './mydumper-metadata.ts'
import { type MydumperFile, mydumperFile, readingOrder } from './mydumper-names.ts'
import { receiverOf } from './mysqldump.ts'
import type { RowIntake } from './row-intake.ts'
import { checkTimeZone, type Receiver, SqlFile } from './sql-file.ts'
import { takeTextRows } from './text-rows.ts'

/** What follows code in its files, where they have no DELIMITER. */
const codeEnd = 'SET character_set_client = @PREV_CHARACTER_SET_CLIENT'

const modeUnsaid =
  'mydumper does not write down the sql_mode that routines, triggers and events run in: they get the one that its files set'

/** @throws HoldfastError DUMP_INCOMPLETE, UNSUPPORTED, USAGE where the server's version is not known */
export async function importMydumper(options: ImportOptions, intake: RowIntake): Promise<ImportResult> {
  const { files } = options
  const metadata = await readMetadata(options)
  const origin = originOf(options)
  const listed = listFiles(files.names)
  const take = new MydumperImport(options, origin, intake)
  for (const role of readingOrder) {
    for (const file of listed.filter((candidate) => candidate.role === role)) await take.read(file)
  }
  take.checkTexts(listed)
  take.checkRows(metadata)
  const gtid = gtidOf(metadata.gtidText, origin.flavour)
  return finishImport({
    builder: take.builder,
    format: 'mydumper',
    ...origin,
    tool: 'mydumper',
    isEverything: false,
    point: {
      ...(metadata.position === undefined ? {} : { position: metadata.position }),
      ...(gtid === undefined ? {} : { gtid }),
      timeMicros: localMicros(metadata.finishedAt) ?? (await files.changedMicros('metadata')),
    },
    warnings: [
      ...(metadata.tables.size > 0
        ? []
        : ['the dump does not say how many rows it has, so it is not known whether all are there']),
      ...(take.builder.hasRunningCode ? [modeUnsaid] : []),
    ],
  })
}

async function readMetadata({ files }: ImportOptions): Promise<MydumperMetadata> {
  const metadata = files.names.includes('metadata')
    ? parseMydumperMetadata(await readText(files, 'metadata'))
    : undefined
  const partial = files.names.find((name) => name.startsWith('metadata.'))
  if (partial === undefined && metadata?.isFinished === true) return metadata
  throw new HoldfastError(
    'DUMP_INCOMPLETE',
    `mydumper did not finish: ${partial === undefined ? 'metadata does not say when it did' : `there is ${partial}`}`,
    { file: partial ?? 'metadata' },
  )
}

function originOf({ serverVersion }: ImportOptions): {
  readonly flavour: Flavour
  readonly serverVersion: string
} {
  if (serverVersion !== undefined) {
    return { flavour: /mariadb/i.test(serverVersion) ? 'mariadb' : 'mysql', serverVersion }
  }
  throw new HoldfastError(
    'USAGE',
    'mydumper does not write down which server its dump is of',
    {},
    { hint: 'Say it as SELECT VERSION() did: --server-version 8.0.36, or --server-version 10.11.6-MariaDB' },
  )
}

function listFiles(names: readonly string[]): readonly MydumperFile[] {
  const schemas = names.flatMap((name) => /^(.*)-schema-create\.sql(?:\.gz|\.zst)?$/.exec(name)?.[1] ?? [])
  return names.map((name) => {
    const file = mydumperFile(name, schemas)
    if (file !== undefined) return file
    throw new HoldfastError('UNSUPPORTED', `${name} is no file that mydumper is known to write`, {
      file: name,
    })
  })
}

class MydumperImport {
  readonly builder: ImportBuilder
  readonly #options: ImportOptions
  readonly #origin: { readonly flavour: Flavour; readonly serverVersion: string }
  readonly #intake: RowIntake
  /** Real names by the names that files have. */
  readonly #schemas = new Map<string, string>()
  readonly #tables = new Map<string, { readonly schema: string; readonly name: string }>()
  readonly #takenTexts = new Set<string>()

  constructor(
    options: ImportOptions,
    origin: { readonly flavour: Flavour; readonly serverVersion: string },
    intake: RowIntake,
  ) {
    this.#options = options
    this.#origin = origin
    this.#intake = intake
    this.builder = new ImportBuilder(logicalDialectOf(origin.flavour), likelyMode)
  }

  async read(file: MydumperFile): Promise<void> {
    const { files, signal } = this.#options
    const { name, role } = file
    const schema = this.#schemas.get(file.schema) ?? file.schema
    const receiver = receiverOf(this.#origin, schema, this.builder)
    const isCode = role === 'triggers' || role === 'view' || role === 'post'
    const before = new Set(this.builder.schemaNames())
    await new SqlFile(name, files.read(name), {
      intake: this.#intake,
      header: emptyHeader(),
      receiver: () => receiver,
      signal,
      ...(isCode ? { codeEnd } : {}),
    }).take()
    if (role === 'schema') {
      const real = this.builder.schemaNames().find((candidate) => !before.has(candidate))
      if (real !== undefined) this.#schemas.set(file.schema, real)
    }
    if (role === 'table') {
      const table = this.builder.takeLatest()
      if (table !== undefined) {
        this.#tables.set(`\`${file.schema}\`.\`${file.table}\``, { schema, name: table.definition.name })
      }
    }
    if (receiver.statements.loadData !== undefined)
      await this.#loadText(file, schema, receiver, receiver.statements.loadData)
  }

  /** Each file with rows as text is named by a file with LOAD DATA. */
  checkTexts(listed: readonly MydumperFile[]): void {
    const left = listed.find(({ role, name }) => role === 'text' && !this.#takenTexts.has(name))
    if (left === undefined) return
    throw new HoldfastError('DUMP_INCOMPLETE', `no LOAD DATA names ${left.name}`, { file: left.name })
  }

  /** @throws HoldfastError DUMP_INCOMPLETE naming a table that has other rows than the metadata says */
  checkRows({ tables }: MydumperMetadata): void {
    for (const [key, { rows, realName }] of tables) {
      const table = this.#tables.get(key)
      if (rows === undefined) continue
      if (table === undefined) {
        // Without rows it may be a view.
        if (rows === 0 || !this.#isWanted(key) || this.#isSequence(key, realName)) continue
        throw new HoldfastError(
          'DUMP_INCOMPLETE',
          `the definition of ${key} is missing, of which metadata says that it has ${rows} rows`,
          { table: key, rows },
        )
      }
      const found = this.builder.table(table.schema, table.name)?.rows ?? 0
      if (found === rows) continue
      throw new HoldfastError(
        'DUMP_INCOMPLETE',
        `${table.schema}.${table.name} has ${found} rows, and metadata says ${rows}`,
        { table: key, found, rows },
      )
    }
  }

  /** Tables of the server's own schemas are left out. */
  #isWanted(key: string): boolean {
    return this.builder.isWanted(this.#schemaOf(key))
  }

  #isSequence(key: string, realName: string | undefined): boolean {
    const fileTable = /\.`(.*)`$/.exec(key)?.[1] ?? ''
    return this.builder.hasSequence(this.#schemaOf(key), realName ?? fileTable)
  }

  /** The real name of the schema of a section of the metadata. */
  #schemaOf(key: string): string {
    const [, fileSchema = ''] = /^`(.*?)`\./.exec(key) ?? []
    return this.#schemas.get(fileSchema) ?? fileSchema
  }

  async #loadText(
    file: MydumperFile,
    schema: string,
    { statements }: Receiver,
    statement: Buffer,
  ): Promise<void> {
    const { files, signal } = this.#options
    const place = { file: file.name, line: 1 }
    const load = parseLoadData(statement, place)
    const text = files.names.find(
      (name) => name === load.file || name.replace(/\.(?:gz|zst)$/, '') === load.file,
    )
    if (text === undefined) {
      throw new HoldfastError('DUMP_INCOMPLETE', `${load.file} is missing, which ${file.name} loads`, {
        file: load.file,
      })
    }
    this.#takenTexts.add(text)
    if (this.builder.isSequenceTable(schema, load.table)) {
      const row = (await readText(files, text)).trimEnd().split('\t')
      this.builder.defineSequenceByRow(schema, load.table, row, place)
      return
    }
    const table = this.builder.table(schema, load.table)
    if (table === undefined) {
      throw new HoldfastError('DUMP_INCOMPLETE', `the definition of ${schema}.${load.table} is missing`, {
        file: text,
      })
    }
    // Files with LOAD DATA need not set the session up as those of definitions do.
    checkTimeZone(table, statements.session.timeZone ?? table.timeZone, place)
    const form = this.builder.form(table, load.columns, statements.session.charsetClient)
    this.#intake.begin(storedColumns(form))
    await takeTextRows(this.#intake, {
      file: text,
      source: files.read(text),
      forms: [form],
      hasRawBits: false,
      decoders: [],
      signal,
    })
    addRows(table, await this.#intake.end())
  }
}
