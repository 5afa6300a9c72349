// A statement in the log, with the session that it ran in.

import { ByteReader } from '../bytes/byte-reader.ts'
import { type BinlogEvent, eventBody } from './binlog-event.ts'
import { readCompressedBytes } from './compressed-bytes.ts'
import { eventHeaderBytes } from './event-header.ts'
import { eventFlag, eventType } from './event-types.ts'
import { decodeStatusVariables, type StatusVariables } from './query-status-variables.ts'

export interface QueryEvent {
  /** Connection id of the session; temporary tables belong to it. */
  readonly threadId: number
  readonly errorCode: number
  /** Default schema; '' where none was chosen. */
  readonly schema: string
  /** Bytes in the session's character_set_client; usually UTF-8. */
  readonly statement: Buffer
  readonly variables: StatusVariables
  /** The statement must not be preceded by USE: CREATE DATABASE d has schema d before it exists. */
  readonly suppressesUse: boolean
  /** Temporary tables of its session are used. */
  readonly isThreadSpecific: boolean
}

/** Reads QUERY_EVENT of both and QUERY_COMPRESSED_EVENT of MariaDB. Throws MalformedDataError. */
export function decodeQuery(event: BinlogEvent): QueryEvent {
  const reader = eventBody(event)
  const threadId = reader.u32()
  reader.skip(4) // execution time in seconds
  const schemaBytes = reader.u8()
  const errorCode = reader.u16()
  const variablesBytes = reader.u16()
  // Later writers may lengthen the fixed part; the format description says by how much.
  reader.skip(Math.max(0, event.format.postHeaderBytes(eventType.query) - 13))
  const variablesStart = event.offset + eventHeaderBytes + reader.offset
  const variables = decodeStatusVariables(
    new ByteReader(reader.take(variablesBytes), {
      what: 'query status variables',
      baseOffset: variablesStart,
    }),
    event.format.flavour,
  )
  const schema = reader.take(schemaBytes).toString('utf8')
  reader.skip(1)
  const isCompressed = event.header.type === eventType.queryCompressed
  return {
    threadId,
    errorCode,
    schema,
    statement: isCompressed ? readCompressedBytes(reader) : reader.rest(),
    variables,
    suppressesUse: (event.header.flags & eventFlag.suppressUse) !== 0,
    isThreadSpecific: (event.header.flags & eventFlag.threadSpecific) !== 0,
  }
}
