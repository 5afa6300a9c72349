// The session's settings that stand before each statement in the log, by code, for both families.

import type { ByteReader } from '../bytes/byte-reader.ts'
import type { Flavour } from '../core/flavour.ts'

/** Each is absent when the statement's event does not hold it. Names follow the server's variables. */
export interface StatusVariables {
  /** Q_FLAGS2: OPTION_AUTO_IS_NULL 0x4000, OPTION_NOT_AUTOCOMMIT 0x80000, NO_FOREIGN_KEY_CHECKS 0x4000000, RELAXED_UNIQUE_CHECKS 0x8000000, … */
  readonly flags2?: number
  readonly sqlMode?: bigint
  readonly autoIncrement?: { readonly increment: number; readonly offset: number }
  /** Collation numbers: of character_set_client, collation_connection and collation_server. */
  readonly charset?: { readonly client: number; readonly connection: number; readonly server: number }
  readonly timeZone?: string
  /** Number of lc_time_names. */
  readonly lcTimeNames?: number
  /** Number of collation_database. */
  readonly charsetDatabase?: number
  /** Tables that a multi-table UPDATE changes, as bits. */
  readonly tableMapForUpdate?: bigint
  readonly invoker?: { readonly user: string; readonly host: string }
  /** Schemas that the statement touches; undefined when there are too many to list. */
  readonly updatedSchemas?: readonly string[]
  /** Microseconds of the statement's start; seconds stand in the event's header. */
  readonly microseconds?: number
  readonly explicitDefaultsForTimestamp?: boolean
  /** Id of the engine's transaction that an atomic DDL is part of. */
  readonly ddlXid?: bigint
  readonly defaultCollationForUtf8mb4?: number
  readonly sqlRequirePrimaryKey?: boolean
  readonly defaultTableEncryption?: boolean
  /** MySQL 9.7 and newer: whether triggers run for rows that a foreign key changes. */
  readonly enableCascadeTriggers?: boolean
  /** MariaDB: two-phase ALTER TABLE; bits as FL_START_ALTER_E1 2, FL_COMMIT_ALTER_E1 4, FL_ROLLBACK_ALTER_E1 8. */
  readonly gtidFlags3?: number
  /** MariaDB: default collation by character set, as pairs of collation numbers: `[character set, collation]`. */
  readonly characterSetCollations?: readonly (readonly [number, number])[]
  /** The first code that is not known here. It and what stands behind it was not read: nothing may be assumed of it. */
  readonly unknownCode?: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads to the end of `reader`, or to the first code that is not known. Throws MalformedDataError where bytes are missing. */
export function decodeStatusVariables(reader: ByteReader, flavour: Flavour): StatusVariables {
  const variables: Mutable<StatusVariables> = {}
  while (reader.remaining > 0) {
    const code = reader.u8()
    const read = commonCodes.get(code) ?? (flavour === 'mysql' ? mysqlCodes : mariadbCodes).get(code)
    if (read === undefined) {
      variables.unknownCode = code
      break
    }
    read(reader, variables)
  }
  return variables
}

type ReadCode = (reader: ByteReader, variables: Mutable<StatusVariables>) => void

// Query_event_status_vars of MySQL's statement_events.h; MariaDB's sql/log_event.h has the same up to 11 and 13.
const commonCodes: ReadonlyMap<number, ReadCode> = new Map<number, ReadCode>([
  [0, (reader, variables) => (variables.flags2 = reader.u32())],
  [1, (reader, variables) => (variables.sqlMode = reader.u64())],
  // The catalog is always 'std'; code 2 ends it with a NUL byte.
  [2, (reader) => reader.skip(reader.u8() + 1)],
  [3, (reader, variables) => (variables.autoIncrement = { increment: reader.u16(), offset: reader.u16() })],
  [
    4,
    (reader, variables) =>
      (variables.charset = { client: reader.u16(), connection: reader.u16(), server: reader.u16() }),
  ],
  [5, (reader, variables) => (variables.timeZone = reader.take(reader.u8()).toString('utf8'))],
  [6, (reader) => reader.skip(reader.u8())],
  [7, (reader, variables) => (variables.lcTimeNames = reader.u16())],
  [8, (reader, variables) => (variables.charsetDatabase = reader.u16())],
  [9, (reader, variables) => (variables.tableMapForUpdate = reader.u64())],
  // Length of the event on the first source; only relay logs of old replicas have it.
  [10, (reader) => reader.skip(4)],
  [
    11,
    (reader, variables) =>
      (variables.invoker = {
        user: reader.take(reader.u8()).toString('utf8'),
        host: reader.take(reader.u8()).toString('utf8'),
      }),
  ],
  [13, (reader, variables) => (variables.microseconds = reader.u24())],
])

const mysqlCodes: ReadonlyMap<number, ReadCode> = new Map<number, ReadCode>([
  [12, readUpdatedSchemas],
  [16, (reader, variables) => (variables.explicitDefaultsForTimestamp = reader.u8() !== 0)],
  [17, (reader, variables) => (variables.ddlXid = reader.u64())],
  [18, (reader, variables) => (variables.defaultCollationForUtf8mb4 = reader.u16())],
  [19, (reader, variables) => (variables.sqlRequirePrimaryKey = reader.u8() !== 0)],
  [20, (reader, variables) => (variables.defaultTableEncryption = reader.u8() !== 0)],
  [21, (reader, variables) => (variables.enableCascadeTriggers = reader.u8() !== 0)],
])

const mariadbCodes: ReadonlyMap<number, ReadCode> = new Map<number, ReadCode>([
  [128, (reader, variables) => (variables.microseconds = reader.u24())],
  [129, (reader, variables) => (variables.ddlXid = reader.u64())],
  [130, readGtidFlags3],
  [131, readCharacterSetCollations],
])

// OVER_MAX_DBS_IN_EVENT_MTS: more schemas than are listed, no names follow.
const tooManySchemas = 254

function readUpdatedSchemas(reader: ByteReader, variables: Mutable<StatusVariables>): void {
  const count = reader.u8()
  if (count === tooManySchemas) return
  const schemas: string[] = []
  for (let i = 0; i < count; i++) schemas.push(reader.untilNul().toString('utf8'))
  variables.updatedSchemas = schemas
}

const alterEnds = 4 | 8

function readGtidFlags3(reader: ByteReader, variables: Mutable<StatusVariables>): void {
  const flags = reader.u8()
  variables.gtidFlags3 = flags
  // The end of a two-phase ALTER names the sequence number of its start.
  if ((flags & alterEnds) !== 0) reader.skip(8)
}

function readCharacterSetCollations(reader: ByteReader, variables: Mutable<StatusVariables>): void {
  const count = reader.u8()
  const pairs: [number, number][] = []
  for (let i = 0; i < count; i++) pairs.push([reader.u16(), reader.u16()])
  variables.characterSetCollations = pairs
}
