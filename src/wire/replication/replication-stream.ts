// A source's binary log as it sends it to replicas: raw events without end, and acknowledgements back.
import { HoldfastError } from '../../core/errors.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { Connection } from '../connection.ts'
import type { PacketStream } from '../packet-stream.ts'
import { SilenceWatch } from '../silence-watch.ts'
import { dumpError } from './dump-error.ts'
import {
  acknowledgeToBytes,
  binlogDumpToBytes,
  registerReplicaToBytes,
  semiSyncMark,
} from './replica-commands.ts'
import type { ReplicaIdentity } from './replica-identity.ts'

export interface ReplicationOptions {
  readonly identity: ReplicaIdentity
  /** Name of the binary log file on the source. */
  readonly file: string
  /** Where to start in it: 4 or the end of an event. At 2^32 and above the stream starts at 4: see ReplicationStream.offset. */
  readonly offset: number
  /** How often an idle source gives a sign of life, in milliseconds. Three times without one is a lost connection. */
  readonly heartbeatMs: number
  /** Ask the source to wait with its commits for our acknowledgements. */
  readonly semiSync?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface RawEvent {
  /** Header, body and checksum, as the source sends it. Not yet checked. */
  readonly bytes: Buffer
  /** The source waits with a commit until this event is acknowledged. */
  readonly wantsAck: boolean
}

export interface ReplicationStream extends AsyncIterable<RawEvent> {
  /** Where the stream starts: as asked for, or 4 when the position does not fit the command's 32 bits. */
  readonly offset: number
  /** Tells the source that everything up to `position` of `file` is durable here; includes everything before. */
  acknowledge(file: string, position: number): Promise<void>
}

// BINLOG_SEND_ANNOTATE_ROWS_EVENT of MariaDB: without it the stream lacks events that the file has. On MySQL the same bit means
// heartbeats in another form.
const sendAnnotateRows = 0x02
/** MARIA_SLAVE_CAPABILITY_GTID: below it the source replaces GTID events by dummies. */
const mariadbCapability = 4
const largestPosition = 0xffff_ffff
/** A packet starts with an OK byte; a semi-synchronous one has two more before the event. */
const okByte = 0x00
const eventLengthAt = 9

/**
 * Makes a replica of the connection and asks for the log. The connection belongs to the stream from then on; leaving the loop
 * gives it up. Throws what the source answers: BINLOG_PURGED, ARCHIVE_DIVERGED, BINLOG_OFF, PRIVILEGE_MISSING, CONNECTION_LOST
 * (also for a source that goes down, or is silent for three heartbeats), …
 */
export async function openReplicationStream(
  connection: Connection,
  options: ReplicationOptions,
): Promise<ReplicationStream> {
  const { identity, file, heartbeatMs, semiSync = false, signal } = options
  const isMariadb = connection.flavour === 'mariadb'
  for (const statement of settings(identity, heartbeatMs, isMariadb, semiSync)) {
    await connection.run(statement, { signal })
  }
  const place = `${file} at ${options.offset}`
  try {
    await connection.sendCommand(registerReplicaToBytes(identity.serverId), { signal })
  } catch (error) {
    throw registerError(error)
  }
  const offset = options.offset > largestPosition ? 4 : options.offset
  const flags = isMariadb ? sendAnnotateRows : 0
  const silence = new SilenceWatch('the source', 3 * heartbeatMs, signal)
  const packets = connection.openPacketStream(binlogDumpToBytes(file, offset, flags, identity.serverId), {
    signal: silence.signal,
  })
  return {
    offset,
    acknowledge: (ackFile, position) => packets.send(acknowledgeToBytes(ackFile, position)),
    [Symbol.asyncIterator]: () => rawEvents(packets, semiSync, silence, place),
  }
}

/** Each is a user variable that the source looks at when the dump starts; those of the other family do no harm. */
function settings(
  identity: ReplicaIdentity,
  heartbeatMs: number,
  isMariadb: boolean,
  semiSync: boolean,
): string[] {
  const heartbeatNanos = heartbeatMs * 1_000_000
  return [
    `SET @master_heartbeat_period = ${heartbeatNanos}, @source_heartbeat_period = ${heartbeatNanos}`,
    // As the source has it, never NONE: the checksum is part of the bytes that are archived.
    'SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum',
    `SET @slave_uuid = '${identity.uuid}', @replica_uuid = '${identity.uuid}'`,
    ...(isMariadb ? [`SET @mariadb_slave_capability = ${mariadbCapability}`] : []),
    ...(semiSync ? ['SET @rpl_semi_sync_replica = 1, @rpl_semi_sync_slave = 1'] : []),
  ]
}

async function* rawEvents(
  packets: PacketStream,
  semiSync: boolean,
  silence: SilenceWatch,
  place: string,
): AsyncGenerator<RawEvent> {
  try {
    for await (const packet of packets) {
      // The reader may take its time: only waiting for the source counts as silence.
      silence.pause()
      yield unwrap(packet, semiSync)
      silence.resume()
    }
  } catch (error) {
    throw dumpError(error, place)
  } finally {
    silence.stop()
  }
  throw new HoldfastError('CONNECTION_LOST', `the source ended the stream of ${place}`)
}

/** Takes the event out of its packet. Both forms say how long the event is, so which form it is needs no guess. */
function unwrap(packet: Buffer, semiSync: boolean): RawEvent {
  if (packet[0] !== okByte)
    throw malformed(`an OK byte before an event`, `0x${(packet[0] ?? 0).toString(16)}`)
  if (eventLength(packet, 1) === packet.length - 1) return { bytes: packet.subarray(1), wantsAck: false }
  if (semiSync && packet[1] === semiSyncMark && eventLength(packet, 3) === packet.length - 3) {
    return { bytes: packet.subarray(3), wantsAck: packet[2] === 1 }
  }
  throw malformed(`an event of ${packet.length - 1} bytes`, `${eventLength(packet, 1)}`)
}

function eventLength(packet: Buffer, start: number): number {
  return packet.length < start + eventLengthAt + 4 ? -1 : packet.readUInt32LE(start + eventLengthAt)
}

function malformed(expected: string, found: string): MalformedDataError {
  return new MalformedDataError({ what: 'replication packet', offset: 0, expected, found })
}

function registerError(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.code !== 'PRIVILEGE_MISSING') return error
  return new HoldfastError(
    'PRIVILEGE_MISSING',
    'the account may not read the binary log',
    { privilege: 'REPLICATION SLAVE' },
    { cause: error, hint: 'Run on the source: GRANT REPLICATION SLAVE ON *.* TO <the account>' },
  )
}
