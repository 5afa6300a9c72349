// One connection's worth of streaming: from the source's socket through the queue to the spool, and acknowledgements back.

import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { Connection } from '../wire/connection.ts'
import type { ReplicaIdentity } from '../wire/replication/replica-identity.ts'
import { openReplicationStream, type ReplicationStream } from '../wire/replication/replication-stream.ts'
import { type AcknowledgementCounter, Acknowledger } from './acknowledger.ts'
import type { Archiver } from './archiver.ts'
import { type Begin, chooseBeginning } from './beginning.ts'
import { isAtOrAfter, nextFileName } from './binlog-order.ts'
import { EventQueue } from './event-queue.ts'
import { LogFollower, type LogItem, type ResumePoint, streamStart } from './log-follower.ts'
import { reportProgress } from './report-progress.ts'
import { type SafePlace, type SafePlaceName, safePlace } from './safe-place.ts'
import type { SegmentUploader } from './segment-uploader.ts'
import { refuseShorterLog } from './shorter-log.ts'
import { hasBinaryLog, type SourceServer } from './source-server.ts'
import type { SourceWatch } from './source-watch.ts'
import type { SpoolPressure } from './spool-pressure.ts'

export interface FollowOptions {
  readonly connection: Connection
  readonly server: SourceServer
  readonly archiver: Archiver
  readonly uploader: SegmentUploader
  readonly pressure: SpoolPressure
  /** Stop once everything up to its position is durable. */
  readonly goal: SourceServer | undefined
  readonly watch: SourceWatch | undefined
  readonly identity: ReplicaIdentity
  readonly begin: Begin | undefined
  /** Acknowledge what is safe there, where the source waits for it; undefined: the source is not to wait. */
  readonly acknowledgeAfter: SafePlaceName | undefined
  readonly acknowledgements: AcknowledgementCounter
  readonly heartbeatMs: number
  readonly emit: EmitEvent
  readonly signal: AbortSignal | undefined
}

interface Arrived {
  readonly item: LogItem
  /** By the source's clock. */
  readonly arrivalMillis: number
  /** By `performance.now()`. */
  readonly arrivedAtMs: number
}

/** Events that wait for the disk; a single one may be larger. Enough for one write while the next one gathers. */
const queueBytes = 2 * 1024 * 1024
/** What an event takes in memory besides its bytes: objects that a million small ones would fill the heap with. */
const eventOverheadBytes = 512

/** Returns at the goal or the signal, with everything that had arrived durable. Throws CONNECTION_LOST, DISK_FULL, … */
export async function followSource(options: FollowOptions): Promise<'caught-up' | 'signal'> {
  const { archiver, connection, server } = options
  if (archiver.position === undefined) await beginAsAsked(options)
  // Behind the last commit others may lie that wait for us, and are archived already.
  if (server.isLogEnd) await refuseShorterLog(connection, archiver.position, server.position, options.signal)
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const queue = new EventQueue<Arrived>(queueBytes, ({ item }) =>
    item.kind === 'event' ? item.event.bytes.length + eventOverheadBytes : 1,
  )
  const place = safePlace(options.acknowledgeAfter ?? 'spool', options.archiver, options.uploader, () =>
    queue.wake(),
  )
  await place.prepare()
  const { stream, follower } = await openStream(options, signal)
  const receiving = receive(stream, follower, queue, options.server)
  const onAbort = (): void => queue.wake()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await drainQueue(options, queue, stream, place)
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
      if (item === undefined) continue
      await queue.put({
        item,
        arrivalMillis: Date.now() + clockSkewMillis,
        arrivedAtMs: performance.now(),
      })
    }
    queue.end()
  } catch (error) {
    queue.end(follower.explain(error))
  }
}

/** While one group is made safe the next one gathers: one fdatasync and one acknowledgement for all that has come. */
async function drainQueue(
  options: FollowOptions,
  queue: EventQueue<Arrived>,
  stream: ReplicationStream,
  place: SafePlace,
): Promise<'caught-up' | 'signal'> {
  const { archiver, uploader, pressure, goal, watch, signal } = options
  const acknowledger = new Acknowledger(stream, options.acknowledgements)
  for (;;) {
    // What nobody takes stays in the queue, and then with the source.
    const arrived = (await pressure.isHeld(archiver)) ? [] : await queue.takeAll(archiver.waitMs)
    if (arrived === undefined) throw new HoldfastError('CONNECTION_LOST', 'the source ended the stream')
    for (const { item, arrivalMillis, arrivedAtMs } of arrived) {
      if (item.kind === 'file' && archiver.position === undefined) {
        tellBeginning(options, item.file, 'the oldest binary log file that the source has')
      }
      await archiver.take(item, arrivalMillis)
      if (wantsAck(item) && archiver.position !== undefined) acknowledger.ask(archiver.position, arrivedAtMs)
    }
    const safe = await place.reach(acknowledger.isAsked)
    if (safe !== undefined) await acknowledger.confirm(safe)
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

/** Also the event before the start may be waited for: it was made safe by a run that died before it could tell. */
function wantsAck(item: LogItem): boolean {
  return (item.kind === 'event' || item.kind === 'joined') && item.wantsAck
}

function atGoal(archiver: Archiver, goal: SourceServer): 'caught-up' {
  // Commit times are taken just before a transaction is written to the log: a second is room for that.
  if (goal.isLogEnd) archiver.noteQuiet(goal.nowMicros - 1_000_000)
  return 'caught-up'
}

function isReached({ position }: Archiver, goal: BinlogPosition): boolean {
  return position !== undefined && isAtOrAfter(position, goal)
}

async function beginAsAsked(options: FollowOptions): Promise<void> {
  const { archiver, connection, server, begin, signal } = options
  const beginning = await chooseBeginning(begin, server, connection, signal)
  if (beginning === undefined) return
  await archiver.startFile(beginning.file)
  tellBeginning(options, beginning.file, beginning.which)
}

/** Which history begins where: what was purged before is in no archive. */
function tellBeginning({ archiver, emit }: FollowOptions, file: string, which: string): void {
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
    semiSync: options.acknowledgeAfter !== undefined,
    signal,
  })
  return { stream, follower: new LogFollower(resume, stream.offset) }
}

/** Without a name a source starts with the oldest file that it has. */
const oldestFile: ResumePoint = { position: { file: '', offset: 4 } }

/**
 * Where to go on: with the oldest file, where nothing was archived yet; with the next one, where the source no longer has the one
 * that is archived to its end. Throws BINLOG_PURGED.
 */
async function resumeOnSource({ archiver, connection, signal }: FollowOptions): Promise<ResumePoint> {
  const resume = archiver.resumePoint
  if (resume === undefined) return oldestFile
  const { file } = resume.position
  const { fileEnd } = archiver.state
  const isEnded = fileEnd !== undefined && archiver.state.file === file
  if (!isEnded || (await hasBinaryLog(connection, file, signal)) !== false) return resume
  const next = fileEnd.nextFile ?? nextFileName(file)
  if (next === undefined || (await hasBinaryLog(connection, next, signal)) === false) {
    throw new HoldfastError(
      'BINLOG_PURGED',
      `the source no longer has ${file}, which the archive goes on from, nor ${next ?? 'the one behind it'}`,
      { file },
    )
  }
  await archiver.startFile(next)
  return archiver.resumePoint ?? resume
}
