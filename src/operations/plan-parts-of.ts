// From which backup chosen parts come: of rows where one has them as they are wanted, and otherwise of files.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { formatTableName } from '../core/name-list.ts'
import { parseLogicalContent } from '../logical/content.ts'
import { type RestoreShape, reshape } from '../logical/reshape/reshape.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import {
  type PlannedRestore,
  type Planning,
  type PlanRequest,
  planFrom,
  usableBackups,
} from './plan-restore-of.ts'

/**
 * No log can be replayed behind parts in a running server, and a server of our own has all that the files tell. A backup that is named is taken, whatever it is of.
 * Where backups of both kinds are there, those of rows are passed over, which is told, when they do not have what is asked for.
 *
 * Throws what planRestoreOf throws.
 */
export async function planPartsOf(
  source: SourceRepository,
  request: PlanRequest,
  shape: RestoreShape,
  options: Planning,
): Promise<PlannedRestore> {
  const { emit, signal } = options
  const usable = await usableBackups(source, request, options)
  const { backups, named } = usable
  const kinds = new Set(
    backups.filter(({ id }) => named === undefined || id === named).map(({ kind }) => kind),
  )
  if (!kinds.has('physical')) return await planFrom(usable, 'logical', request, signal)
  if (kinds.has('logical')) {
    try {
      const rows = await planFrom(usable, 'logical', request, signal)
      // Usual, and so no news: only files go to moments between backups.
      if ((rows.plan.replay?.transactions ?? 0) === 0) {
        await requireIn(source, rows.plan.base.id, shape, signal)
        return rows
      }
    } catch (error) {
      if (!isHoldfastError(error, ...notThere)) throw error
      const message = `backups of rows are passed over, and files are taken: ${error.message}`
      emit({ type: 'notice', level: 'info', message })
    }
  }
  return await planFrom(usable, 'physical', request, signal)
}

/** Of a moment or of parts that a backup of rows does not have, and of one that is damaged. */
const notThere = [
  'USAGE',
  'UNSUPPORTED',
  'POINT_OUTSIDE_WINDOW',
  'POINT_NOT_FOUND',
  'ARCHIVE_GAP',
  'BINLOG_INCIDENT',
  'VERIFY_FAILED',
] as const

/** Throws USAGE where the rows of the parts are not in it, or not as they were; and VERIFY_FAILED. */
async function requireIn(
  source: SourceRepository,
  id: string,
  shape: RestoreShape,
  signal: AbortSignal,
): Promise<void> {
  const backup = await source.openBackup(id, signal)
  const lacks = (what: string): HoldfastError =>
    new HoldfastError('USAGE', `backup ${id} has ${what}`, { backup: id })
  const { parts } = parseLogicalContent(backup.content)
  if (parts !== undefined && parts !== shape.parts)
    throw lacks(parts === 'data' ? 'no definitions' : 'no rows')
  const { schemas } = reshape(backup, shape).content
  if (shape.parts === 'structure') return
  for (const { name: schema, tables } of schemas) {
    const changed = tables.find(
      ({ where, columns }) => where !== undefined || columns.some(({ mask }) => mask !== undefined),
    )
    if (changed !== undefined)
      throw lacks(`some rows, or masked ones, of ${formatTableName({ schema, name: changed.name })}`)
  }
}
