// MariaDB's GTID event, which opens each event group, and the list of GTIDs at the start of each of its files.
import { GtidPosition, type MariadbGtid } from '../core/gtid-position.ts'
import { type BinlogEvent, eventBody } from './binlog-event.ts'

export interface MariadbGtidEvent {
  readonly gtid: MariadbGtid
  /** No COMMIT follows: the group ends with the next event that does something. */
  readonly isStandalone: boolean
  readonly isDdl: boolean
  readonly isXaPrepare: boolean
  readonly isXaComplete: boolean
}

// Gtid_log_event of MariaDB's sql/log_event.h.
const flagStandalone = 1
const flagDdl = 32
const flagPreparedXa = 64
const flagCompletedXa = 128

export function decodeMariadbGtid(event: BinlogEvent): MariadbGtidEvent {
  const reader = eventBody(event)
  const sequence = reader.u64()
  const domainId = reader.u32()
  const flags = reader.u8()
  return {
    gtid: { domainId, serverId: event.header.serverId, sequence },
    isStandalone: (flags & flagStandalone) !== 0,
    isDdl: (flags & flagDdl) !== 0,
    isXaPrepare: (flags & flagPreparedXa) !== 0,
    isXaComplete: (flags & flagCompletedXa) !== 0,
  }
}

/** GTID_LIST_EVENT: what was executed before the file it stands in. Several servers of one domain: the last one listed counts. */
export function decodeGtidList(event: BinlogEvent): GtidPosition {
  const reader = eventBody(event)
  // The upper four bits are flags (FLAG_UNTIL_REACHED, FLAG_IGN_GTIDS).
  const count = reader.u32() & 0x0fff_ffff
  if (count * 16 > reader.remaining)
    throw reader.malformed(`${count} GTIDs of 16 bytes`, `${reader.remaining} bytes`)
  const gtids: MariadbGtid[] = []
  for (let i = 0; i < count; i++) {
    const domainId = reader.u32()
    const serverId = reader.u32()
    gtids.push({ domainId, serverId, sequence: reader.u64() })
  }
  return GtidPosition.of(gtids)
}
