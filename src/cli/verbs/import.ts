// `holdfast import`: takes a dump in and tells what it holds.

import { formatBytes } from '../../core/byte-size.ts'
import { counted } from '../../core/counted.ts'
import { dumpFormats, type ImportReport, importIntoRepository } from '../../operations/import-dump.ts'
import { repositoryAccess } from '../access.ts'
import { formatMicros } from '../output/time.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const [place = ''] = context.arguments
  const source = options.required('name')
  const format = options.text('format')
  const charset = options.text('character-set')
  const report = await importIntoRepository(
    {
      access: repositoryAccess(context),
      source,
      place,
      format: dumpFormats.find((known) => known === format),
      schema: options.text('schema'),
      serverVersion: options.text('server-version'),
      textCharset: charset === 'binary' || charset === 'utf8mb4' ? charset : undefined,
    },
    { emit, signal },
  )
  return { text: describe(source, report), json: { source, ...report } }
}

function describe(source: string, { backup, tables, rows, format }: ImportReport): string {
  const { id, sizes, point, warnings } = backup
  const told =
    warnings.length === 0
      ? ''
      : ` ${warnings.length === 1 ? 'One warning is' : `${warnings.length} warnings are`} kept with it.`
  const from = format === 'tab' ? 'mysqldump --tab' : format
  return [
    `Imported a dump of ${from} as backup ${id}: ${counted(rows, 'row')} of ${counted(tables, 'table')}, ${formatBytes(sizes.plainBytes)}, as of ${formatMicros(point.timeMicros)}.${told}`,
    `Next: holdfast verify ${source} --read-data`,
  ].join('\n')
}
