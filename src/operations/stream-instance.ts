// Use case: keep the binary log of a server in the repository, as it is written.
import type { SafePlaceName } from '../archive/safe-place.ts'
import type { RefuseSource } from '../archive/source-watch.ts'
import { type StreamSummary, streamBinaryLogs } from '../archive/stream-binary-logs.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import type { LogCoverage } from '../instance/log-coverage.ts'
import { readLogCoverage } from '../instance/read-log-coverage.ts'
import { readSemiSync, waitingCommits } from '../instance/semi-sync.ts'
import { Connection } from '../wire/connection.ts'
import { unlessStalled } from '../wire/stalled-commits.ts'
import { BackgroundCompaction } from './background-compaction.ts'
import { beginAtBackup } from './begin-at-backup.ts'
import { fewest, graceMs } from './compact-binlogs.ts'
import { logGaps, unseenReplica } from './log-gaps.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { ArchiverReporter } from './report-archiver.ts'
import { requirePrivileges } from './require-privileges.ts'
import { SemiSyncFallback } from './semi-sync-fallback.ts'
import { spoolFolder } from './spool-folder.ts'

export interface StreamRequest {
  readonly access: RepositoryAccess
  readonly settings: ConnectionSettings
  /** Name of the instance in the repository. */
  readonly source: string
  readonly untilCaughtUp: boolean
  /** Where a commit has to be before the source is told so; undefined: the source is not to wait. */
  readonly acknowledgeAfter: SafePlaceName | undefined
  readonly startNewTimeline: boolean
  /** Where a timeline begins: with the file in which this backup ends, an id or `latest`; else with the oldest file. */
  readonly fromBackup?: string | undefined
  /** Folder for spools of any number of instances; under the state directory by default. */
  readonly spool?: string | undefined
  readonly spoolBytes?: number | undefined
  readonly sealSeconds?: number | undefined
  /** Put small segments together now and then, as `holdfast binlog compact` does. */
  readonly compact: boolean
  /** Where to write metrics for Prometheus. */
  readonly metricsFile?: string | undefined
}

/** Two hours make an object of segments that were sealed every 30 seconds. */
const compactEveryMs = 3600_000

export type { AcknowledgementSummary } from '../archive/acknowledger.ts'
export { type SafePlaceName, safePlaces } from '../archive/safe-place.ts'

/**
 * Runs until the signal, or until it has caught up. Throws BINLOG_OFF, BINLOG_UNSUITABLE, PRIVILEGE_MISSING and what streaming
 * throws; what has arrived by then is durable, and the next run goes on there.
 */
export async function streamInstance(
  request: StreamRequest,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<StreamSummary> {
  const { settings, access, sealSeconds, fromBackup } = request
  const repository = await openRepository(access, signal)
  emit({ type: 'phase', phase: 'connecting' })
  const refuse = refuseIncompleteLog(emit)
  const fallback = new SemiSyncFallback(emit)
  const look: RefuseSource = async (connection, within) => {
    fallback.note(await readSemiSync(connection, { signal: within }))
    await refuse(connection, within)
  }
  await checkSource(settings, request.acknowledgeAfter === undefined ? refuse : undefined, signal)
  if (request.acknowledgeAfter !== undefined) await refuseUnlessAwaited(settings, refuse, signal)
  const spoolDir = spoolFolder(access, request.spool, repository.id, request.source)
  const source = repository.source(request.source)
  const isAcknowledging = request.acknowledgeAfter !== undefined
  const { metricsFile } = request
  const reporter = new ArchiverReporter({
    source: request.source,
    repository: repository.place,
    spoolDir,
    metricsFile,
    isAcknowledging,
    fallback,
    emit,
  })
  await using compaction = new BackgroundCompaction({
    source,
    graceMs,
    fewest,
    everyMs: compactEveryMs,
    emit,
  })
  if (request.compact && !request.untilCaughtUp) compaction.begin()
  try {
    const summary = await streamBinaryLogs({
      settings,
      source,
      repositoryId: repository.id,
      spoolDir,
      onReport: reporter.onReport,
      untilCaughtUp: request.untilCaughtUp,
      acknowledgeAfter: request.acknowledgeAfter,
      startNewTimeline: request.startNewTimeline,
      spoolBytes: request.spoolBytes,
      begin:
        fromBackup === undefined ? undefined : (server) => beginAtBackup(source, fromBackup, server, signal),
      ...(sealSeconds === undefined ? {} : { sealAfterMs: sealSeconds * 1000 }),
      refuse: request.acknowledgeAfter === undefined ? refuse : look,
      emit,
      signal,
    })
    await reporter.end(summary.stopped)
    // From a timer there is no later.
    if (request.compact && summary.stopped === 'caught-up') await compaction.run()
    return summary
  } catch (error) {
    await reporter.end(error)
    throw withWayOut(error, request.source)
  }
}

/** Where the archive cannot go on, a backup alone does not mend it: the stream has to be told to begin anew. */
function withWayOut(error: unknown, source: string): unknown {
  if (!isHoldfastError(error, 'BINLOG_PURGED', 'ARCHIVE_DIVERGED', 'ARCHIVE_GAP')) return error
  return new HoldfastError(error.code, error.message, error.details, {
    cause: error.cause,
    hint:
      `What is archived stays. To go on: take a new backup (holdfast backup URL --name ${source}), then begin a new timeline ` +
      `once (holdfast stream URL --name ${source} --new-timeline).`,
  })
}

/** Tells beforehand what the server would only tell in the words of replication, or not at all. */
async function checkSource(
  settings: ConnectionSettings,
  refuse: RefuseSource | undefined,
  signal: AbortSignal,
): Promise<void> {
  await using connection = await Connection.open(settings, { signal })
  await unlessStalled(connection, settings, () => checkOver(connection, refuse, signal))
}

/**
 * A MariaDB whose commits wait for us may not tell of its log before the stream acknowledges them, and they should not wait for the
 * answer either: then the stream looks itself, as soon as it does.
 */
async function refuseUnlessAwaited(
  settings: ConnectionSettings,
  refuse: RefuseSource,
  signal: AbortSignal,
): Promise<void> {
  await using connection = await Connection.open(settings, { signal })
  if (connection.flavour === 'mariadb' && (await waitingCommits(connection, { signal })) > 0) return
  try {
    await unlessStalled(connection, settings, () => refuse(connection, signal))
  } catch (error) {
    if (!isHoldfastError(error, 'SERVER_TIMEOUT')) throw error
  }
}

async function checkOver(
  connection: Connection,
  refuse: RefuseSource | undefined,
  signal: AbortSignal,
): Promise<void> {
  const facts = await inspectInstance(connection, { signal })
  if (!facts.binlog.isOn) throw new HoldfastError('BINLOG_OFF', 'the server has no binary log to stream')
  if (facts.binlog.format === 'STATEMENT') {
    throw new HoldfastError(
      'BINLOG_UNSUITABLE',
      'the server logs statements (binlog_format=STATEMENT), which can give other rows when they are replayed',
    )
  }
  requirePrivileges(facts, 'stream')
  await refuse?.(connection, signal)
}

/** A log that lacks changes replays without an error, to other rows. What cannot be seen of that is told once. */
function refuseIncompleteLog(emit: EmitEvent): RefuseSource {
  let isTold = false
  return async (connection, signal) => {
    const coverage = await readLogCoverage(connection, { signal })
    refuseGaps(coverage)
    const unseen = unseenReplica(coverage)
    if (unseen === undefined || isTold) return
    isTold = true
    emit({ type: 'notice', level: 'warning', message: `${unseen}: see holdfast doctor` })
  }
}

function refuseGaps(coverage: LogCoverage): void {
  const [gap] = logGaps(coverage)
  if (gap === undefined) return
  const { problem, hint } = gap
  throw new HoldfastError('BINLOG_UNSUITABLE', `the binary log is not complete: ${problem}`, {}, { hint })
}
