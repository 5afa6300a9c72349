// One connection's worth of streaming: from the source's socket through the queue to the spool, and acknowledgements back.

import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { Connection } from '../wire/connection.ts'
import type { ReplicaIdentity } from '../wire/replication/replica-identity.ts'
import { openReplicationStream, type ReplicationStream } from '../wire/replication/replication-stream.ts'
import type { Archiver } from './archiver.ts'
import { isAtOrAfter, nextFileName } from './binlog-order.ts'
import { EventQueue } from './event-queue.ts'
import { LogFollower, type LogItem, type ResumePoint, streamStart } from './log-follower.ts'
import { reportProgress } from './report-progress.ts'
import type { SegmentUploader } from './segment-uploader.ts'
import { refuseShorterLog } from './shorter-log.ts'
import { listBinaryLogs, type SourceServer } from './source-server.ts'
import type { SourceWatch } from './source-watch.ts'

export interface FollowOptions {
  readonly connection: Connection
  readonly server: SourceServer
  readonly archiver: Archiver
  readonly uploader: SegmentUploader
  /** Stop once everything up to its position is durable. */
  readonly goal: SourceServer | undefined
  readonly watch: SourceWatch | undefined
  readonly identity: ReplicaIdentity
  readonly startFile: string | undefined
  readonly semiSync: boolean
  readonly heartbeatMs: number
  readonly emit: EmitEvent
  readonly signal: AbortSignal | undefined
}

interface Arrived {
  readonly item: LogItem
  readonly arrivalMillis: number
}

/** Events that wait for the disk; a single one may be larger. Enough for one write while the next one gathers. */
const queueBytes = 2 * 1024 * 1024
/** What an event takes in memory besides its bytes: objects that a million small ones would fill the heap with. */
const eventOverheadBytes = 512

/** Returns at the goal or the signal, with everything that had arrived durable. Throws CONNECTION_LOST, DISK_FULL, … */
export async function followSource(options: FollowOptions): Promise<'caught-up' | 'signal'> {
  await startFirstFile(options)
  const { archiver, connection, server } = options
  await refuseShorterLog(connection, archiver.position, server.position, options.signal)
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const { stream, follower } = await openStream(options, signal)
  const queue = new EventQueue<Arrived>(queueBytes, ({ item }) =>
    item.kind === 'event' ? item.event.bytes.length + eventOverheadBytes : 1,
  )
  const receiving = receive(stream, follower, queue, options.server)
  const onAbort = (): void => queue.wake()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await drainQueue(options, queue, stream)
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    stop.abort()
    // The receiver may be waiting for room in the queue: nobody reads it any more.
    queue.abandon()
    await receiving
  }
}

/** Never throws: what goes wrong comes out of the queue, behind the events that came before it. */
async function receive(
  stream: ReplicationStream,
  follower: LogFollower,
  queue: EventQueue<Arrived>,
  { clockSkewMillis }: SourceServer,
): Promise<void> {
  try {
    for await (const { bytes, wantsAck } of stream) {
      const item = follower.push(bytes, wantsAck)
      if (item !== undefined) await queue.put({ item, arrivalMillis: Date.now() + clockSkewMillis })
    }
    queue.end()
  } catch (error) {
    queue.end(follower.explain(error))
  }
}

/** While one group is made durable the next one gathers: one fdatasync and one acknowledgement for all that has come. */
async function drainQueue(
  options: FollowOptions,
  queue: EventQueue<Arrived>,
  stream: ReplicationStream,
): Promise<'caught-up' | 'signal'> {
  const { archiver, uploader, goal, watch, signal } = options
  for (;;) {
    const arrived = await queue.takeAll(archiver.waitMs)
    if (arrived === undefined) throw new HoldfastError('CONNECTION_LOST', 'the source ended the stream')
    for (const { item, arrivalMillis } of arrived) await archiver.take(item, arrivalMillis)
    const durable = await archiver.flush()
    if (durable !== undefined) await stream.acknowledge(durable.file, durable.offset)
    if (arrived.length > 0) reportProgress(options, arrived.at(-1)?.arrivalMillis ?? 0)
    await archiver.sealIfDue()
    uploader.throwIfFailed()
    watch?.lookIfDue()
    if (arrived.length > 0 && goal !== undefined && isReached(archiver, goal.position)) {
      return atGoal(archiver, goal)
    }
    if (signal?.aborted === true) return 'signal'
  }
}

function atGoal(archiver: Archiver, goal: SourceServer): 'caught-up' {
  // Commit times are taken just before a transaction is written to the log: a second is room for that.
  archiver.noteQuiet(goal.nowMicros - 1_000_000)
  return 'caught-up'
}

function isReached({ position }: Archiver, goal: BinlogPosition): boolean {
  return position !== undefined && isAtOrAfter(position, goal)
}

/** A new timeline begins with the start of a file. */
async function startFirstFile({
  archiver,
  connection,
  startFile,
  emit,
  signal,
}: FollowOptions): Promise<void> {
  if (archiver.position !== undefined) return
  const files = await listBinaryLogs(connection, signal)
  const file = startFile ?? files[0]
  if (file === undefined) throw new HoldfastError('BINLOG_OFF', 'the source has no binary log')
  if (!files.includes(file)) {
    throw new HoldfastError(
      'BINLOG_PURGED',
      `the source no longer has ${file}, where the archive was to begin`,
    )
  }
  await archiver.startFile(file)
  const which = file === files[0] ? 'the oldest binary log file that the source has' : 'as was asked for'
  const message = `timeline ${archiver.state.timeline} begins with ${file}, ${which}`
  emit({ type: 'notice', level: 'info', message })
}

async function openStream(
  options: FollowOptions,
  signal: AbortSignal,
): Promise<{ stream: ReplicationStream; follower: LogFollower }> {
  const resume = await resumeOnSource(options)
  const start = streamStart(resume)
  const stream = await openReplicationStream(options.connection, {
    identity: options.identity,
    ...start,
    heartbeatMs: options.heartbeatMs,
    semiSync: options.semiSync,
    signal,
  })
  return { stream, follower: new LogFollower(resume, stream.offset) }
}

/**
 * Where to go on, seen with the files that the source still has: one that is archived to its end may be gone, then it goes on
 * with the next. Throws BINLOG_PURGED.
 */
async function resumeOnSource({ archiver, connection, signal }: FollowOptions): Promise<ResumePoint> {
  const resume = archiver.resumePoint
  if (resume === undefined)
    throw new HoldfastError('BUG', 'an archiver without a position has no resume point')
  const { file } = resume.position
  const files = await listFiles(connection, signal)
  if (files === undefined || files.includes(file)) return resume
  const { fileEnd } = archiver.state
  const next = fileEnd === undefined ? undefined : (fileEnd.nextFile ?? nextFileName(file))
  if (next === undefined || !files.includes(next)) {
    throw new HoldfastError(
      'BINLOG_PURGED',
      `the source no longer has ${file}, which the archive goes on from; its oldest is ${files[0] ?? 'none'}`,
      { file },
    )
  }
  await archiver.startFile(next)
  return archiver.resumePoint ?? resume
}

/** Undefined where the account may not list them: REPLICATION SLAVE alone is enough to stream. */
async function listFiles(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<string[] | undefined> {
  try {
    return await listBinaryLogs(connection, signal)
  } catch (error) {
    if (isHoldfastError(error, 'PRIVILEGE_MISSING')) return undefined
    throw error
  }
}
