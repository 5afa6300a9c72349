// The numbers of events and of header flags, as both families write them.

/** Log_event_type of MySQL's libs/mysql/binlog/event/binlog_event.h and of MariaDB's sql/log_event.h. */
export const eventType = {
  query: 2,
  stop: 3,
  rotate: 4,
  intvar: 5,
  rand: 13,
  userVar: 14,
  formatDescription: 15,
  xid: 16,
  beginLoadQuery: 17,
  executeLoadQuery: 18,
  tableMap: 19,
  writeRowsV1: 23,
  updateRowsV1: 24,
  deleteRowsV1: 25,
  incident: 26,
  heartbeat: 27,
  ignorable: 28,
  rowsQuery: 29,
  writeRows: 30,
  updateRows: 31,
  deleteRows: 32,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  viewChange: 37,
  xaPrepare: 38,
  partialUpdateRows: 39,
  transactionPayload: 40,
  heartbeatV2: 41,
  gtidTagged: 42,
  annotateRows: 160,
  binlogCheckpoint: 161,
  mariadbGtid: 162,
  gtidList: 163,
  startEncryption: 164,
  queryCompressed: 165,
  writeRowsCompressedV1: 166,
  updateRowsCompressedV1: 167,
  deleteRowsCompressedV1: 168,
  writeRowsCompressed: 169,
  updateRowsCompressed: 170,
  deleteRowsCompressed: 171,
} as const

export const eventFlag = {
  /** LOG_EVENT_BINLOG_IN_USE_F: only in the format description of a file that is being written. */
  binlogInUse: 0x1,
  /** LOG_EVENT_THREAD_SPECIFIC_F: the statement uses temporary tables of its session. */
  threadSpecific: 0x4,
  /** LOG_EVENT_SUPPRESS_USE_F: the statement must not be preceded by USE. */
  suppressUse: 0x8,
  /** LOG_EVENT_ARTIFICIAL_F: made up for the stream, in no file. */
  artificial: 0x20,
  /** LOG_EVENT_IGNORABLE_F: who does not know the type may skip it. */
  ignorable: 0x80,
} as const

const names = new Map<number, string>(Object.entries(eventType).map(([name, type]) => [type, name]))

/** The type's name here, or `type 77` for one that nobody here knows. */
export function eventTypeName(type: number): string {
  return names.get(type) ?? `type ${type}`
}
