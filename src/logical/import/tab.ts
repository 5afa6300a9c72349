// Takes in the folders that mysqldump --tab and mariadb-dump --dir write: table.sql and table.txt.
import { HoldfastError } from '../../core/errors.ts'
import type { Flavour } from '../../core/flavour.ts'
import { storedColumns } from './column-forms.ts'
import { plainName } from './dump-files.ts'
import { type DumpHeader, emptyHeader, localMicros } from './dump-origin.ts'
import { finishImport } from './finish-import.ts'
import type { ImportBuilder } from './import-builder.ts'
import type { ImportOptions, ImportResult } from './import-dump.ts'
import { addRows, type ImportedTable } from './imported-parts.ts'
import { checkComplete, type DumpOrigin, originOf, receiverOf, statementWarnings } from './mysqldump.ts'
import type { RowIntake } from './row-intake.ts'
import { checkTimeZone, type Receiver, SqlFile } from './sql-file.ts'
import { type TextCharset, TextCharsets } from './text-charset.ts'
import { takeTextRows } from './text-rows.ts'

/** @throws HoldfastError DUMP_INCOMPLETE naming a file without its end or its other half, UNSUPPORTED */
export async function importTab(options: ImportOptions, intake: RowIntake): Promise<ImportResult> {
  const { files } = options
  const texts = new Map(
    files.names
      .filter((name) => plainName(name).endsWith('.txt'))
      .map((name) => [plainName(name).slice(0, -4), name]),
  )
  const charsets = new TextCharsets(options.textCharset)
  let builder: ImportBuilder | undefined
  let origin: DumpOrigin | undefined
  let timeMicros = 0
  const warnings: string[] = []
  for (const name of files.names.filter((candidate) => plainName(candidate).endsWith('.sql'))) {
    const header = emptyHeader()
    const { receiver, from } = await readDefinition(options, name, header, intake, builder)
    builder = receiver.builder
    origin ??= from
    timeMicros = Math.max(timeMicros, localMicros(header.completedAt) ?? (await files.changedMicros(name)))
    warnings.push(...statementWarnings(receiver.statements))
    const stem = plainName(name).slice(0, -4)
    const text = texts.get(stem)
    texts.delete(stem)
    const table = builder.takeLatest()
    if (table === undefined) continue
    if (text === undefined) throw missing(`${stem}.txt is missing, which has the rows of ${name}`, name)
    await takeRows(options, receiver, { table, text, flavour: from.flavour, charsets }, intake)
  }
  const [orphan] = texts.values()
  if (orphan !== undefined) {
    throw missing(`${orphan} has rows, and the file with the definition of their table is missing`, orphan)
  }
  if (builder === undefined || origin === undefined) throw missing('the folder has no file table.sql', '')
  charsets.refuse()
  const lost = charsets.lostBytes(builder)
  return finishImport({
    builder,
    format: 'tab',
    ...origin,
    isEverything: false,
    point: { timeMicros },
    warnings: [
      'routines, events and sequences are not part of the backup: such a dump does not have them in its files',
      'such a dump does not say how many rows it has, so it is not known whether all are there',
      ...lost,
      ...warnings,
    ],
  })
}

/** One file table.sql, in a session of its own. */
async function readDefinition(
  { files, schema, signal }: ImportOptions,
  name: string,
  header: DumpHeader,
  intake: RowIntake,
  builder: ImportBuilder | undefined,
): Promise<{ readonly receiver: Receiver; readonly from: DumpOrigin }> {
  let receiver: Receiver | undefined
  const open = (): Receiver => {
    receiver ??= receiverOf(originOf(header, name), schema ?? (header.database || undefined), builder)
    return receiver
  }
  await new SqlFile(name, files.read(name), { intake, header, receiver: open, signal }).take()
  checkComplete(header.hasTrailer, name)
  return { receiver: open(), from: originOf(header, name) }
}

interface TextFile {
  readonly table: ImportedTable
  /** Its name. */
  readonly text: string
  readonly flavour: Flavour
  readonly charsets: TextCharsets
}

async function takeRows(
  { files, signal }: ImportOptions,
  { builder, statements }: Receiver,
  { table, text, flavour, charsets }: TextFile,
  intake: RowIntake,
): Promise<void> {
  const { definition } = table
  const charset = charsetOfTexts(statements.session.names, charsets.assumed, table, text)
  const every = definition.columns.map(({ name }) => name)
  let isBegun = false
  await takeTextRows(intake, {
    file: text,
    source: files.read(text),
    // MariaDB's program dumps hidden columns, too.
    forms: [undefined, every].map((names) => builder.possibleForm(table, names, charset)),
    begin: (form) => {
      checkTimeZone(table, table.timeZone, { file: text, line: 1 })
      builder.settle(table, form)
      intake.begin(storedColumns(form))
      isBegun = true
      return statements.session.names === 'binary' ? undefined : charsets.watch(text, table, form)
    },
    hasRawBits: flavour === 'mariadb',
    isFormUnsaid: true,
    decoders: [],
    signal,
  })
  if (isBegun) addRows(table, await intake.end())
}

/** Character sets of which SELECT … INTO OUTFILE writes bytes within characters as they are, though they look like TAB, LF or backslash. */
const ambiguous = new Set('sjis cp932 big5 gbk gb18030 utf16 utf16le utf32 ucs2'.split(' '))

/** Rows are in each column's own character set, unless the dump was made with --default-character-set. */
function charsetOfTexts(
  names: string,
  assumed: TextCharset,
  { schema, definition }: ImportedTable,
  file: string,
): TextCharset {
  if (assumed === 'utf8mb4' && names.startsWith('utf8')) return 'utf8mb4'
  const column = definition.columns.find(({ charset = '' }) => ambiguous.has(charset))
  if (column !== undefined) {
    throw new HoldfastError(
      'UNSUPPORTED',
      `${file}: column ${column.name} of ${schema}.${definition.name} is in ${column.charset}, of which --tab writes text that cannot be told from ends of cells`,
      { file },
      {
        hint: 'Dump this table as SQL, without --tab; or say --character-set utf8mb4 where it was made with --default-character-set=utf8mb4.',
      },
    )
  }
  const isUnicode = definition.columns.every(
    ({ charset }) => charset === undefined || charset.startsWith('utf8'),
  )
  const isOwn = names === 'binary' || names === 'utf8mb4' || (isUnicode && names.startsWith('utf8'))
  if (isOwn && assumed === 'binary') return 'binary'
  throw new HoldfastError(
    'UNSUPPORTED',
    `${file}: rows of ${schema}.${definition.name} are in ${names}, which cannot be taken in`,
    { file },
    { hint: 'Dump again without --default-character-set, and import without --character-set.' },
  )
}

function missing(message: string, file: string): HoldfastError {
  return new HoldfastError('DUMP_INCOMPLETE', message, { file })
}
