// What statements answer, as values.
import type { ColumnDefinition } from './packets/column-definition.ts'

/**
 * NULL is null. Integers are numbers, and bigints where a number cannot hold them exactly; FLOAT and DOUBLE are numbers;
 * DECIMAL, dates and times are strings as the server writes them; binary strings, BIT and geometry are Buffers.
 */
export type SqlValue = null | string | number | bigint | Buffer
export type Row = Readonly<Record<string, SqlValue>>

export interface OkResult {
  readonly kind: 'ok'
  readonly affectedRows: number
  readonly lastInsertId: bigint
  readonly warnings: number
  /** Human text, e.g. 'Records: 3  Deleted: 0  Skipped: 0  Warnings: 0'. */
  readonly info: string
}

export interface ResultSet {
  readonly kind: 'rows'
  readonly columns: readonly ColumnDefinition[]
  readonly rows: readonly Row[]
  readonly warnings: number
}

/** How far a RawRowConsumer came. */
export interface RawRowProgress {
  /** Bytes it is done with, from the start of what it was given. */
  readonly consumed: number
  /** True when the packet at `consumed` is the one that ends the result (EOF or ERR). */
  readonly ended: boolean
  /** Stops the reading until it resolves; what was not consumed comes again then. */
  readonly wait?: Promise<void>
}

/** Takes the rows of a result as the bytes that came from the socket. */
export interface RawRowConsumer {
  /** Called once, before any row. */
  columns(definitions: readonly ColumnDefinition[]): void
  /**
   * Takes the next bytes, packet headers included. It must stop before the packet that ends the result: an EOF (first byte 0xfe,
   * payload below 9 bytes) or an ERR (0xff). Unless it has ended or waits, at most 4 bytes may be left over (a header that is not whole,
   * or whole but without the first byte of the payload); they come again in front of the next bytes. The buffer is used again for
   * the next bytes and may not be kept. After a cancel it is still called until the result has ended.
   */
  take(bytes: Buffer): RawRowProgress
}
