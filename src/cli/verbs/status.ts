// `holdfast status`: a line for each instance, how far it can be recovered, and what is wrong with its archiver.
import { formatBytes } from '../../core/byte-size.ts'
import { formatDuration } from '../../core/duration.ts'
import { errorCodes } from '../../core/error-codes.table.ts'
import { latencyText } from '../../core/latency-text.ts'
import { describePoint } from '../../core/point-text.ts'
import { readStatus, type SourceStatus } from '../../operations/read-status.ts'
import { namedSource, repositoryAccess } from '../access.ts'
import { formatTable } from '../output/table.ts'
import type { VerbRun } from '../verb.ts'

const brokenExit = 32

const columns = [
  { title: 'INSTANCE' },
  { title: 'BACKUP', isNumber: true },
  { title: 'ARCHIVED UNTIL', isNumber: true },
  { title: 'LAST SEGMENT', isNumber: true },
  { title: 'ARCHIVER' },
  { title: 'SPOOL', isNumber: true },
  { title: 'SOURCE' },
  { title: 'ACK P50/P99', isNumber: true },
]

export const run: VerbRun = async (context) => {
  const { isBroken, away, sources } = await readStatus(
    {
      access: repositoryAccess(context),
      source: namedSource(context),
      spool: context.options.text('spool'),
    },
    context.signal,
  )
  const text =
    sources.length === 0
      ? ['The repository is empty.', 'Next: holdfast backup mysql://user@host/']
      : [
          formatTable(columns, sources.map(cells)),
          ...sources.flatMap(describeWindow),
          ...sources.flatMap(({ name, problems }) =>
            problems.map((problem) => `WRONG: ${name}: ${problem}.`),
          ),
        ]
  if (away !== undefined) {
    const told = `WRONG: the repository cannot be reached, so only what archivers on this machine say is told: ${away.reason}.`
    const json = { isBroken, away, sources }
    return { text: [...text, told].join('\n'), json, exit: errorCodes.REPOSITORY_MISSING.exit }
  }
  return { text: text.join('\n'), json: { isBroken, sources }, ...(isBroken ? { exit: brokenExit } : {}) }
}

function cells({ name, newestBackup, window, lastSegment, archiver }: SourceStatus): readonly string[] {
  const commits = archiver?.acknowledged?.commits
  const semiSync = archiver?.semiSync
  return [
    name,
    ago(newestBackup?.ageSeconds),
    ago(window === undefined ? undefined : (Date.now() - window.to.timeMicros / 1000) / 1000),
    ago(lastSegment?.ageSeconds),
    archiver === undefined
      ? '-'
      : archiver.isRunning
        ? 'runs'
        : archiver.ended === 'caught-up'
          ? 'caught up'
          : 'NOT RUNNING',
    archiver === undefined
      ? '-'
      : `${formatBytes(archiver.spool.usedBytes)} of ${formatBytes(archiver.spool.limitBytes)}`,
    semiSync === undefined ? '-' : semiSync.isWaiting ? 'waits' : 'DOES NOT WAIT',
    commits === undefined ? '-' : `${latencyText(commits.p50Ms)} / ${latencyText(commits.p99Ms)}`,
  ]
}

function describeWindow({ name, window }: SourceStatus): readonly string[] {
  if (window === undefined) return []
  return [
    `${name}: from backup ${window.backup} on every commit up to ${describePoint(window.to)} is archived, as the numbers of the segments tell.`,
  ]
}

function ago(seconds: number | undefined): string {
  return seconds === undefined ? '-' : `${formatDuration(seconds * 1000)} ago`
}
