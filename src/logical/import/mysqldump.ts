// Takes in what mysqldump and mariadb-dump write: one file of SQL.

import { counted } from '../../core/counted.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { Flavour } from '../../core/flavour.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { logicalDialectOf } from '../dialects.ts'
import { type DumpHeader, emptyHeader, localMicros, positionIn } from './dump-origin.ts'
import { finishImport } from './finish-import.ts'
import { ImportBuilder } from './import-builder.ts'
import type { ImportOptions, ImportResult } from './import-dump.ts'
import type { RowIntake } from './row-intake.ts'
import { type Receiver, SqlFile } from './sql-file.ts'
import { StatementReader } from './statements.ts'
import { runOn } from './table-columns.ts'

export interface DumpOrigin {
  readonly flavour: Flavour
  readonly serverVersion: string
  readonly tool: string
}

/** @throws HoldfastError DUMP_INCOMPLETE without a trailer, UNSUPPORTED */
export async function importMysqldump(options: ImportOptions, intake: RowIntake): Promise<ImportResult> {
  const { files, signal } = options
  const [file = ''] = files.names
  const header = emptyHeader()
  let receiver: Receiver | undefined
  const open = () => {
    receiver ??= receiverOf(originOf(header, file), options.schema ?? (header.database || undefined))
    return receiver
  }
  await new SqlFile(file, files.read(file), { intake, header, receiver: open, signal }).take()
  checkComplete(header.isComplete, file)
  const { builder, statements } = open()
  const origin = originOf(header, file)
  // Nothing is to be replayed behind rows of which some are missing.
  const isEverything = header.database === '' && header.where === undefined
  const { point, warnings } = pointOf(header, statements, origin, await files.changedMicros(file))
  return finishImport({
    builder,
    format: 'mysqldump',
    ...origin,
    isEverything,
    point,
    warnings: [...warnings, ...headerWarnings(header), ...statementWarnings(statements)],
  })
}

/** A new session, for the definitions that are collected in `builder`. */
export function receiverOf(
  { flavour, serverVersion }: Pick<DumpOrigin, 'flavour' | 'serverVersion'>,
  defaultSchema: string | undefined,
  builder = new ImportBuilder(logicalDialectOf(flavour)),
): Receiver {
  const isRun = runOn(flavour, serverVersion)
  return { builder, statements: new StatementReader({ builder, isRun, defaultSchema }) }
}

/** @throws HoldfastError UNSUPPORTED where the head of the dump does not name its server */
export function originOf({ flavour, serverVersion, tool }: DumpHeader, file: string): DumpOrigin {
  if (flavour !== undefined && serverVersion !== undefined) {
    return { flavour, serverVersion, tool: tool ?? 'mysqldump' }
  }
  throw new HoldfastError(
    'UNSUPPORTED',
    `${file} does not begin with the comments of mysqldump or mariadb-dump that name its server`,
    { file },
    {
      hint: 'Dump again without --skip-comments and --compact. A file of SQL that another program wrote cannot be taken in.',
    },
  )
}

/** @throws HoldfastError DUMP_INCOMPLETE */
export function checkComplete(isComplete: boolean, file: string): void {
  if (isComplete) return
  throw new HoldfastError(
    'DUMP_INCOMPLETE',
    `${file} does not end with "-- Dump completed": it was cut off, or dumped with --skip-comments`,
    { file },
  )
}

function headerWarnings({ where, codeKinds }: DumpHeader): readonly string[] {
  const lost = ['routines', 'events'].filter((kind) => !codeKinds.has(kind))
  return [
    ...(where === undefined ? [] : [`the dump has only rows that meet --where: ${where}`]),
    ...(lost.length === 0
      ? []
      : [
          `${lost.join(' and ')} are not in the dump: it was made without ${lost.map((kind) => `--${kind}`).join(' and ')}`,
        ]),
  ]
}

export function statementWarnings({ leftOut, histograms, ansiTables }: StatementReader): readonly string[] {
  return [
    ...(leftOut === 0
      ? []
      : [
          `accounts, grants and other things of the server are not part of the backup (${leftOut} statements of the dump)`,
        ]),
    ...(ansiTables === 0
      ? []
      : [
          `the dump was made with --compatible: definitions may lack engine, character set and AUTO_INCREMENT (of ${counted(ansiTables, 'table')})`,
        ]),
    ...(histograms === 0 ? [] : [`histograms are not part of the backup (of ${histograms} tables)`]),
  ]
}

/** As of the end of the dump, if the dump does not say more: later than its snapshot, never earlier. */
function pointOf(
  header: DumpHeader,
  { session, sourceArguments }: StatementReader,
  { flavour }: DumpOrigin,
  changedMicros: number,
): { readonly point: RecoveryPoint; readonly warnings: readonly string[] } {
  const timeMicros = localMicros(header.completedAt) ?? changedMicros
  if (header.isOfItsSource) {
    return {
      point: { timeMicros },
      warnings: ["the dump has the position of the server's own source (--dump-slave), which is not used"],
    }
  }
  const position = positionIn(sourceArguments) ?? positionIn(header.sourceArguments)
  const text = flavour === 'mysql' ? session.gtidPurged : (session.gtidSlavePos ?? header.gtidSlavePos)
  // mysqldump says itself that GTIDs may be of transactions during the dump, unless it runs with --source-data (whose position is there
  // then) or --single-transaction (which does not show).
  const isExact = flavour === 'mariadb' || position !== undefined
  const warnings =
    text !== undefined && !isExact
      ? ['the GTIDs of the dump are not used: without --source-data they may be later than the rows']
      : []
  return {
    point: {
      ...(position === undefined ? {} : { position }),
      ...(text === undefined || !isExact ? {} : { gtid: { flavour, text } }),
      timeMicros,
    },
    warnings,
  }
}
