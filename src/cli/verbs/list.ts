// `holdfast list`: instances with their backups and recovery windows.

import { formatBytes } from '../../core/byte-size.ts'
import { formatDuration } from '../../core/duration.ts'
import { describePoint } from '../../core/point-text.ts'
import type { RecoveryWindow } from '../../core/recovery-window.ts'
import { type ListedBackup, type ListedSource, listBackups } from '../../operations/list-backups.ts'
import { namedSource, repositoryAccess } from '../access.ts'
import { backupMs } from '../output/describe-backup.ts'
import { evidenceCell } from '../output/describe-evidence.ts'
import { formatTable } from '../output/table.ts'
import { formatTime } from '../output/time.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const { emit, say, signal } = context
  const listing = await listBackups(
    { access: repositoryAccess(context), source: namedSource(context) },
    signal,
  )
  for (const { name, backups, problem } of listing.sources) {
    if (problem !== undefined) emit({ type: 'notice', level: 'warning', message: `${name}: ${problem}` })
    for (const { id, problem } of backups) {
      if (problem !== undefined)
        emit({ type: 'notice', level: 'warning', message: `${name}: backup ${id}: ${problem}` })
    }
  }
  if (!listing.isReadable && listing.sources.length > 0) {
    say('Sizes and recovery windows need the recovery key: --identity FILE or HOLDFAST_IDENTITY_FILE.')
  }
  if (listing.sources.length === 0) {
    return {
      text: `${listing.place} is empty.\nNext: holdfast backup mysql://user@host/`,
      json: { ...listing },
    }
  }
  return { text: listing.sources.map(describeSource).join('\n\n'), json: { ...listing } }
}

function describeSource({ name, identity, backups, windows }: ListedSource): string {
  const flavour = identity === undefined ? '' : identity.flavour === 'mysql' ? ' (MySQL)' : ' (MariaDB)'
  const head = `${name}${flavour}: ${backups.length} ${backups.length === 1 ? 'backup' : 'backups'}`
  const isTried = backups.some(({ evidence }) => evidence !== undefined)
  const columns = [
    { title: 'BACKUP' },
    { title: 'TAKEN' },
    { title: 'TOOK', isNumber: true },
    { title: 'READ', isNumber: true },
    { title: 'NEW', isNumber: true },
    { title: 'OF' },
    ...(isTried ? [{ title: 'RECOVERED' }] : []),
  ]
  const isReadable = backups.some(({ summary }) => summary !== undefined)
  return [
    head,
    ...(backups.length === 0
      ? []
      : [formatTable(isReadable ? columns : columns.slice(0, 2), backups.map(cells))]),
    ...describeWindows(windows ?? []),
  ].join('\n')
}

function cells({ id, startedAt, summary, evidence, problem }: ListedBackup): readonly string[] {
  const taken = formatTime(startedAt)
  if (problem !== undefined) return [id, taken, 'DAMAGED']
  if (summary === undefined) return [id, taken]
  const { sizes, isPartial } = summary
  return [
    id,
    taken,
    formatDuration(backupMs(summary)),
    formatBytes(sizes.plainBytes),
    formatBytes(sizes.newBytes),
    isPartial ? 'a part' : 'all',
    ...(evidence === undefined ? [] : [evidenceCell(evidence)]),
  ]
}

/** A line for each stretch of history; backups that no archive goes on from share one. */
function describeWindows(windows: readonly RecoveryWindow[]): readonly string[] {
  const lonely = windows.filter(({ timeline }) => timeline === undefined).length
  const lines = windows.flatMap(({ from, to, timeline, endedBy }) => {
    if (timeline === undefined) return []
    const why = endedBy === undefined ? '' : `; then ${endedBy.reason}`
    return [`Can be recovered: every commit from ${describePoint(from)} to ${describePoint(to)}${why}.`]
  })
  if (lonely === 0) return lines
  const which = lonely === windows.length ? 'each backup' : `${lonely} of the backups`
  const why = 'no binary log is archived behind it, or it holds a part of the instance'
  return [...lines, `Of ${which} only its own moment can be recovered: ${why}.`]
}
