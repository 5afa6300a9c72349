// Events that set a value for the statement after them: an auto-increment number, random seeds, a user variable.
import { type BinlogEvent, eventBody } from './binlog-event.ts'

export interface IntvarEvent {
  readonly kind: 'last-insert-id' | 'insert-id'
  readonly value: bigint
}

export function decodeIntvar(event: BinlogEvent): IntvarEvent {
  const reader = eventBody(event)
  const type = reader.u8()
  // LAST_INSERT_ID_EVENT 1, INSERT_ID_EVENT 2.
  if (type !== 1 && type !== 2) throw reader.malformed('integer variable 1 or 2', String(type))
  return { kind: type === 1 ? 'last-insert-id' : 'insert-id', value: reader.u64() }
}

export interface RandEvent {
  readonly seed1: bigint
  readonly seed2: bigint
}

export function decodeRand(event: BinlogEvent): RandEvent {
  const reader = eventBody(event)
  return { seed1: reader.u64(), seed2: reader.u64() }
}

export type UserVariableType = 'text' | 'real' | 'integer' | 'decimal'

export interface UserVariableEvent {
  readonly name: string
  /** Undefined for SQL NULL. */
  readonly value?: {
    readonly type: UserVariableType
    /** Collation number of a text. */
    readonly charset: number
    /** As the event holds it: text, 8 bytes of IEEE 754 or integer in little endian, or the packed decimal. */
    readonly bytes: Buffer
    readonly isUnsigned: boolean
  }
}

// Item_result of MySQL's include/mysql/udf_registration_types.h.
const types = new Map<number, UserVariableType>([
  [0, 'text'],
  [1, 'real'],
  [2, 'integer'],
  [4, 'decimal'],
])

export function decodeUserVariable(event: BinlogEvent): UserVariableEvent {
  const reader = eventBody(event)
  const name = reader.take(reader.u32()).toString('utf8')
  if (reader.u8() !== 0) return { name }
  const typeNumber = reader.u8()
  const type = types.get(typeNumber)
  if (type === undefined) throw reader.malformed('a type of user variable', String(typeNumber))
  const charset = reader.u32()
  const bytes = reader.take(reader.u32())
  // MySQL writes the flags always, older servers never. UNSIGNED_F is 1.
  const isUnsigned = reader.remaining > 0 && (reader.u8() & 1) !== 0
  return { name, value: { type, charset, bytes, isUnsigned } }
}
