// `holdfast verify --archive`: the recovery window in one sentence, and every hole in the archive by its bounds and its cause.
import { counted } from '../../core/counted.ts'
import { formatDuration } from '../../core/duration.ts'
import { errorCodes } from '../../core/error-codes.table.ts'
import { HoldfastError } from '../../core/errors.ts'
import { describePoint } from '../../core/point-text.ts'
import type { RecoveryWindow } from '../../core/recovery-window.ts'
import { type ArchiveProof, proveArchive } from '../../operations/prove-archive.ts'
import { hasTarget, repositoryAccess, requiredSource } from '../access.ts'
import { describeHole } from '../output/describe-hole.ts'
import { groupDigits } from '../output/progress-text.ts'
import type { VerbRun } from '../verb.ts'

export const runVerifyArchive: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const source = requiredSource(context)
  if (hasTarget(context)) {
    throw new HoldfastError('USAGE', '--archive goes without --target: one after the other')
  }
  const access = repositoryAccess(context)
  const proof = await proveArchive({ access, source, readData: options.flag('read-data') }, { emit, signal })
  const exit = exitOf(proof)
  const text = [
    ...describeProof(source, proof),
    ...describeWindows(source, proof),
    ...(exit === errorCodes.VERIFY_FAILED.exit ? [errorCodes.VERIFY_FAILED.hint] : []),
    ...(exit === errorCodes.ARCHIVE_GAP.exit ? [`Next: holdfast backup URL --name ${source}`] : []),
  ]
  const json = { source, isProven: exit === 0, ...proof }
  return { text: text.join('\n'), json, ...(exit === 0 ? {} : { exit }) }
}

/** Damage before all. A hole that lies before every window, or between a window and a later backup, costs nothing that can still be mended. */
function exitOf({ holes, windows, isEndReached }: ArchiveProof): number {
  if (holes.some(({ kind }) => kind === 'damage')) return errorCodes.VERIFY_FAILED.exit
  const newest = windows.at(-1)
  const isNewestWhole = isEndReached && newest?.endedBy === undefined
  const isIncidentWithin = holes.some(
    ({ kind, timeline }) => kind === 'incident' && timeline === newest?.timeline,
  )
  return isNewestWhole && !isIncidentWithin ? 0 : errorCodes.ARCHIVE_GAP.exit
}

function describeProof(source: string, { timelines, holes, data }: ArchiveProof): string[] {
  const segments = timelines.reduce((sum, each) => sum + each.segments, 0)
  if (segments === 0 && holes.length === 0) {
    return [`The archive of ${source} is empty: there is nothing to prove.`]
  }
  const transactions = timelines.reduce((sum, each) => sum + each.transactions, 0)
  const means = timelines.every(({ isByGtids }) => isByGtids)
    ? 'by their chain, their places and their GTIDs'
    : 'by their chain and their places in the files of the source'
  const size = `${counted(segments, 'segment')} with ${counted(transactions, 'transaction')} on ${counted(timelines.length, 'timeline')}`
  const lines =
    holes.length === 0
      ? [`The archive of ${source} has no hole: ${size}, proven ${means}.`]
      : [`The archive of ${source} has ${counted(holes.length, 'HOLE')} in ${size}:`]
  lines.push(...holes.map((hole) => `  ${describeHole(hole)}`))
  if (data === undefined) return [...lines, 'The data were not read: --read-data also checks every event.']
  const unchecked =
    data.eventsWithoutChecksum === 0
      ? 'each with its own checksum'
      : `${groupDigits(data.eventsWithoutChecksum)} of them without a checksum of their own`
  return [...lines, `${counted(data.events, 'event')} were read, ${unchecked}.`]
}

function describeWindows(source: string, { windows, isEndReached, timelines }: ArchiveProof): string[] {
  if (timelines.length === 0) return [`Next: holdfast stream URL --name ${source}`]
  if (windows.length === 0) {
    return [
      'Nothing of it can be recovered yet: there is no backup of the whole instance that it goes on from.',
    ]
  }
  const lines = windows.map((window, i) => windowText(window, isEndReached && i === windows.length - 1))
  if (isEndReached) return lines
  return [...lines, 'The end of the archive cannot be recovered: no backup lies behind the last hole.']
}

function windowText({ from, to, backups, timeline, through }: RecoveryWindow, isLast: boolean): string {
  const way =
    through === undefined
      ? ''
      : `, over timelines ${[...through.map((each) => each.timeline), timeline].join(' and ')}`
  const age = isLast ? `, ${formatDuration(Date.now() - to.timeMicros / 1000)} ago` : ''
  return `Every commit from ${describePoint(from)} to ${describePoint(to)}${age} can be recovered, from backup ${backups[0]} on${way}.`
}
