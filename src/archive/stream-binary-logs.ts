// Keeps a source's binary logs: streams them as a replica does, spools them durably, and seals them into the repository.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import { Connection } from '../wire/connection.ts'
import { replicaIdentity } from '../wire/replication/replica-identity.ts'
import { unlessStalled } from '../wire/stalled-commits.ts'
import { AcknowledgementCounter, type AcknowledgementSummary } from './acknowledger.ts'
import type { Archiver } from './archiver.ts'
import { type OnReport, ReportTimer } from './archiver-report.ts'
import { type Begin, chooseBeginning } from './beginning.ts'
import { followOtherServer } from './change-of-server.ts'
import { followSource } from './follow-source.ts'
import { openArchiver } from './open-archiver.ts'
import { PatientRepository } from './patient-repository.ts'
import type { SafePlaceName } from './safe-place.ts'
import type { SegmentRepository } from './segment-repository.ts'
import { SegmentUploader } from './segment-uploader.ts'
import { readSourceServer, type SourceServer } from './source-server.ts'
import { type RefuseSource, SourceWatch } from './source-watch.ts'
import { Spool } from './spool.ts'
import { SpoolPressure } from './spool-pressure.ts'

export interface StreamOptions {
  readonly settings: ConnectionSettings
  readonly source: SegmentRepository
  /** Id of the repository: with the source's name it makes our identity as a replica. */
  readonly repositoryId: string
  /** Folder for this source alone, on a disk that survives a restart. */
  readonly spoolDir: string
  /** Stop once everything that the source had at the start is in the repository. */
  readonly untilCaughtUp?: boolean
  /**
   * Make the source wait for us with its commits, where it has semi-synchronous replication on, until they are durable in the spool
   * or stored in the repository.
   */
  readonly acknowledgeAfter?: SafePlaceName | undefined
  /** First file of a new timeline, asked for when one begins; the oldest one that the source has by default. */
  readonly begin?: Begin | undefined
  /** Begin a new timeline although there is history: after ARCHIVE_DIVERGED or BINLOG_PURGED, and a new backup. */
  readonly startNewTimeline?: boolean
  /** 16 MiB, 30 s and 32 MiB by default: see SealRules. */
  readonly sealBytes?: number
  readonly sealAfterMs?: number
  readonly cutBytes?: number
  /** How much may wait for the repository before nothing more is taken from the source; 4 GiB by default. One event may go beyond. */
  readonly spoolBytes?: number | undefined
  /** How often an idle source has to give a sign of life, in milliseconds; 10 s by default. */
  readonly heartbeatMs?: number
  /**
   * Looks at the server as often as segments are sealed, and before it is connected to again. A source that waits for us may answer
   * nothing before we acknowledge: there it looks right after the start, and every five seconds.
   */
  readonly refuse?: RefuseSource
  /** Gets a report every two seconds, and at the end. */
  readonly onReport?: OnReport
  readonly emit: EmitEvent
  /** Ends the work in good order: what has arrived is sealed and put before this returns. */
  readonly signal?: AbortSignal
}

export interface StreamSummary {
  readonly timeline: string
  /** Everything before it is in the repository or, within a transaction, in the spool. */
  readonly position: BinlogPosition | undefined
  readonly segments: number
  readonly bytes: number
  readonly stopped: 'caught-up' | 'signal'
  /** Undefined when nothing was. */
  readonly acknowledged: AcknowledgementSummary | undefined
}

const mebibyte = 1024 * 1024
const defaultSpoolBytes = 4096 * mebibyte
const firstRetryMs = 250
const lastRetryMs = 30_000
/** A source that is to wait for us is looked at more often: one that does not any more is told of within seconds. */
const waitingLookMs = 5000

/**
 * Streams until the signal, or until it has caught up. While the repository is away it goes on for as long as the spool has room, and
 * waits then; whoever asks for no more than to catch up gets the failure instead. A lost connection is made again, with growing pauses, for as long as it
 * takes; only the first one has to succeed. Throws what cannot be mended by waiting: BINLOG_PURGED, ARCHIVE_DIVERGED, DISK_FULL,
 * REPOSITORY_LOCKED (another archiver), PRIVILEGE_MISSING, … Whatever was acknowledged is then in the spool, and the next run goes on.
 */
export async function streamBinaryLogs(options: StreamOptions): Promise<StreamSummary> {
  const spool = new Spool(options.spoolDir)
  const claim = await spool.lock()
  try {
    return await streamInto(spool, options)
  } finally {
    await claim[Symbol.asyncDispose]()
  }
}

async function streamInto(spool: Spool, options: StreamOptions): Promise<StreamSummary> {
  const { settings, emit, signal } = options
  const acknowledgements = new AcknowledgementCounter()
  const cutBytes = options.cutBytes ?? 32 * mebibyte
  const pressure = new SpoolPressure({
    folder: spool.folder,
    limitBytes: Math.max(cutBytes, options.spoolBytes ?? defaultSpoolBytes),
    mayWait: options.untilCaughtUp !== true,
    emit,
  })
  const source = new PatientRepository(options.source, {
    onAway: (reason) => pressure.noteAway(reason),
    onBack: (awayMs) => pressure.noteBack(awayMs),
    signal,
  })
  let segments = 0
  let bytes = 0
  let lastPutAtMs: number | undefined
  const uploader = new SegmentUploader(source, spool, (index) => {
    segments++
    bytes += index.end - index.start
    lastPutAtMs = Date.now()
  })
  pressure.watch(uploader)
  let connection = await Connection.open(settings, { signal })
  let archiver: Archiver | undefined
  const sealAfterMs = options.sealAfterMs ?? 30_000
  const { refuse } = options
  const isAcknowledged = options.acknowledgeAfter !== undefined
  const everyMs = isAcknowledged ? Math.min(sealAfterMs, waitingLookMs) : sealAfterMs
  await using watch = refuse === undefined ? undefined : new SourceWatch({ settings, refuse, everyMs, emit })
  const { onReport } = options
  await using reports =
    onReport === undefined
      ? undefined
      : new ReportTimer(onReport, () => ({
          timeline: archiver?.state.timeline,
          position: archiver?.position,
          receivedBytes: archiver?.receivedBytes ?? 0,
          segments,
          lastPutAtMs,
          spool: pressure.use(archiver?.openBytes ?? 0),
          awaySinceMs: pressure.awaySinceMs,
          acknowledged: acknowledgements.summary(),
        }))
  reports?.begin()
  try {
    let server = await readServer(connection, options)
    warnFormat(server, emit)
    if (isAcknowledged && !server.isWaiting) emit({ type: 'notice', level: 'warning', message: notWaiting })
    if (isAcknowledged) watch?.lookSoon()
    // A refusal must not leave a new timeline behind that has nothing.
    if (options.startNewTimeline === true) await chooseBeginning(options.begin, server, connection, signal)
    archiver = await openArchiver({
      source,
      spool,
      uploader,
      server,
      startNewTimeline: options.startNewTimeline ?? false,
      sealBytes: options.sealBytes ?? 16 * mebibyte,
      sealAfterMs,
      cutBytes,
      emit,
    })
    let goal = options.untilCaughtUp === true ? server : undefined
    let stopped: StreamSummary['stopped']
    let isClaimed = false
    for (;;) {
      try {
        const change = { archiver, source, spool, uploader, server, connection, emit }
        if ((await followOtherServer(change)) && goal !== undefined) goal = server
        // Not before it is known to be the right server: a mistake in an address must not send another archiver away.
        if (!isClaimed) await source.claimArchive()
        isClaimed = true
        if (options.untilCaughtUp !== true) source.becomePatient()
        stopped = await followSource({
          connection,
          server,
          archiver,
          uploader,
          pressure,
          goal,
          watch,
          identity: replicaIdentity(options.repositoryId, source.name),
          begin: options.begin,
          acknowledgeAfter: options.acknowledgeAfter,
          acknowledgements,
          heartbeatMs: options.heartbeatMs ?? 10_000,
          emit,
          signal,
        })
        break
      } catch (error) {
        const isLost = isHoldfastError(error, 'CONNECTION_LOST', 'SOURCE_UNREACHABLE')
        if (signal?.aborted === true && (isLost || error === signal.reason)) {
          stopped = 'signal'
          break
        }
        if (!isLost) throw error
        connection.destroy()
        const again = await reconnect(options, error)
        if (again === undefined) {
          stopped = 'signal'
          break
        }
        ;({ connection, server } = again)
        if (isAcknowledged) watch?.lookSoon()
      }
    }
    await archiver.finish()
    await uploader.drain()
    return {
      timeline: archiver.state.timeline,
      position: archiver.position,
      segments,
      bytes,
      stopped,
      acknowledged: acknowledgements.summary(),
    }
  } finally {
    connection.destroy()
    await uploader.settle()
    await archiver?.close()
  }
}

/** Undefined when the signal came first. Another server may answer. */
async function reconnect(
  options: StreamOptions,
  reason: HoldfastError,
): Promise<{ connection: Connection; server: SourceServer } | undefined> {
  const { settings, refuse, acknowledgeAfter, emit, signal } = options
  const isAcknowledged = acknowledgeAfter !== undefined
  emit({ type: 'notice', level: 'info', message: `connection lost, trying again: ${reason.message}` })
  let isTold = false
  for (let pauseMs = firstRetryMs; ; pauseMs = Math.min(2 * pauseMs, lastRetryMs)) {
    let connection: Connection | undefined
    try {
      // Between a half and all of the pause, so that many archivers do not come back at once.
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal })
      await leaveToSuccessor(options)
      const opened = await Connection.open(settings, { signal })
      connection = opened
      const server = await readServer(opened, options)
      if (!isAcknowledged && refuse !== undefined) {
        await unlessStalled(opened, settings, () => refuse(opened, signal))
      }
      return { connection: opened, server }
    } catch (error) {
      connection?.destroy()
      if (signal?.aborted === true) return undefined
      // Commits that wait for another replica, or for us: some time it goes on.
      const isStalled = isHoldfastError(error, 'SERVER_TIMEOUT')
      if (isStalled && !isTold)
        emit({ type: 'notice', level: 'warning', message: `${error.message}; trying again` })
      isTold ||= isStalled
      if (!isStalled && !isHoldfastError(error, 'CONNECTION_LOST', 'SOURCE_UNREACHABLE')) throw error
    }
  }
}

function readServer(
  connection: Connection,
  { settings, acknowledgeAfter, signal }: StreamOptions,
): Promise<SourceServer> {
  const isAcknowledged = acknowledgeAfter !== undefined
  return unlessStalled(connection, settings, () => readSourceServer(connection, { isAcknowledged, signal }))
}

/** Our connection may have been lost because another archiver took our place: connecting again would send that one away. */
async function leaveToSuccessor({ source, signal }: StreamOptions): Promise<void> {
  try {
    await source.assertArchiver(signal)
  } catch (error) {
    // A repository that is away says nothing of others: events are spooled meanwhile, and the next put asks again.
    if (isHoldfastError(error, 'REPOSITORY_LOCKED')) throw error
  }
}

const notWaiting =
  'the source does not wait for acknowledgements: semi-synchronous replication is not enabled there, so commits can be lost with it'

function warnFormat({ binlogFormat }: SourceServer, emit: EmitEvent): void {
  if (binlogFormat === 'ROW') return
  emit({
    type: 'notice',
    level: 'warning',
    message: `the source has binlog_format=${binlogFormat}: statements are archived, and may give other rows when replayed`,
  })
}
