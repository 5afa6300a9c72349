// The small events that steer a reader: rotations, what was executed before, incidents, and the statement behind rows.
import type { GtidSet } from '../core/gtid-set.ts'
import { decodeGtidSet } from '../core/gtid-set-encoding.ts'
import { type BinlogEvent, eventBody } from './binlog-event.ts'
import { eventHeaderBytes } from './event-header.ts'
import { eventType } from './event-types.ts'

export interface RotateEvent {
  /** The file that follows. */
  readonly file: string
  /** Where to go on in it. */
  readonly offset: bigint
}

export function decodeRotate(event: BinlogEvent): RotateEvent {
  const reader = eventBody(event)
  const offset = reader.u64()
  return { offset, file: reader.rest().toString('utf8') }
}

/** PREVIOUS_GTIDS_LOG_EVENT: what MySQL had executed before the file it stands in. */
export function decodePreviousGtids(event: BinlogEvent): GtidSet {
  return decodeGtidSet(eventBody(event).rest(), event.offset + eventHeaderBytes)
}

/** INCIDENT_EVENT: the source lost data that its log should hold. Answers the source's own words. */
export function decodeIncident(event: BinlogEvent): string {
  const reader = eventBody(event)
  const number = reader.u16()
  const message = reader.take(reader.u8()).toString('utf8')
  return message === '' ? `incident ${number}` : message
}

/** The statement that rows came from: ROWS_QUERY of MySQL, ANNOTATE_ROWS of MariaDB. */
export function decodeRowsStatement(event: BinlogEvent): Buffer {
  const reader = eventBody(event)
  // MySQL puts one byte of length before, which is cut off at 255 and therefore of no use.
  if (event.header.type === eventType.rowsQuery) reader.skip(1)
  return reader.rest()
}
