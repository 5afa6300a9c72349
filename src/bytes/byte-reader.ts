// A cursor that reads the integers and strings of MySQL's protocol and files out of a buffer, and never past its end.
import { MalformedDataError } from '../core/malformed-data-error.ts'

/** What is being read, for the message when the bytes are not what they should be. */
export interface ByteOrigin {
  readonly what: string
  readonly file?: string
  /** Offset of the first byte of the buffer within `file`; 0 when absent. */
  readonly baseOffset?: number
}

/**
 * Reads values one after the other, little-endian where the name does not say otherwise. Every method throws MalformedDataError when the bytes end too early.
 * Names of the integer and string kinds are those of dev.mysql.com/doc/dev/mysql-server, "Protocol::Integer" and "…String".
 * Buffers handed out are views of the one given, not copies.
 */
export class ByteReader {
  readonly bytes: Buffer
  readonly #origin: ByteOrigin
  offset: number

  constructor(bytes: Buffer, origin: ByteOrigin, offset = 0) {
    this.bytes = bytes
    this.#origin = origin
    this.offset = offset
  }

  get remaining(): number {
    return this.bytes.length - this.offset
  }

  /** Where the cursor stands in the file. */
  get place(): number {
    return (this.#origin.baseOffset ?? 0) + this.offset
  }

  u8(): number {
    return this.bytes.readUInt8(this.#advance(1))
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#advance(2))
  }

  u24(): number {
    return this.bytes.readUIntLE(this.#advance(3), 3)
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#advance(4))
  }

  u48(): number {
    return this.bytes.readUIntLE(this.#advance(6), 6)
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.#advance(8))
  }

  /** Big-endian, as InnoDB writes what it stores or sends. */
  u16be(): number {
    return this.bytes.readUInt16BE(this.#advance(2))
  }

  u32be(): number {
    return this.bytes.readUInt32BE(this.#advance(4))
  }

  u64be(): bigint {
    return this.bytes.readBigUInt64BE(this.#advance(8))
  }

  /** A big-endian 64-bit integer that must fit a number: lengths and offsets. */
  u64beNumber(): number {
    const start = this.offset
    return this.#safe(this.u64be(), start)
  }

  /** A 64-bit integer that must fit a number: lengths and offsets. */
  u64Number(): number {
    const start = this.offset
    return this.#safe(this.u64(), start)
  }

  /** A length-encoded integer. 0xfb (NULL) and 0xff (ERR) are not integers, and malformed here. */
  lenencBig(): bigint {
    const first = this.u8()
    if (first < 0xfb) return BigInt(first)
    if (first === 0xfc) return BigInt(this.u16())
    if (first === 0xfd) return BigInt(this.u24())
    if (first === 0xfe) return this.u64()
    throw this.malformed('a length-encoded integer', `0x${first.toString(16)}`, this.offset - 1)
  }

  /** A length-encoded integer that must fit a number: lengths and counts. */
  lenenc(): number {
    const first = this.bytes[this.offset]
    if (first !== undefined && first < 0xfb) {
      this.offset++
      return first
    }
    const start = this.offset
    return this.#safe(this.lenencBig(), start)
  }

  take(length: number): Buffer {
    const start = this.#advance(length)
    return this.bytes.subarray(start, start + length)
  }

  skip(length: number): void {
    this.#advance(length)
  }

  /** Bytes up to the next 0x00, which is skipped. */
  untilNul(): Buffer {
    const end = this.bytes.indexOf(0, this.offset)
    if (end < 0) throw this.malformed('a NUL-terminated string', 'no NUL')
    const found = this.bytes.subarray(this.offset, end)
    this.offset = end + 1
    return found
  }

  lenencBytes(): Buffer {
    return this.take(this.lenenc())
  }

  rest(): Buffer {
    return this.take(this.remaining)
  }

  /** An error about the bytes at `offset` (by default where the cursor stands), for callers to throw. */
  malformed(expected: string, found: string, offset: number = this.offset): MalformedDataError {
    const { what, file, baseOffset = 0 } = this.#origin
    return new MalformedDataError({
      what,
      ...(file === undefined ? {} : { file }),
      offset: baseOffset + offset,
      expected,
      found,
    })
  }

  #advance(length: number): number {
    const start = this.offset
    if (length < 0 || length > this.bytes.length - start) {
      throw this.malformed(`${length} more bytes`, `${this.bytes.length - start}`)
    }
    this.offset = start + length
    return start
  }

  #safe(value: bigint, start: number): number {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.malformed('an integer below 2^53', String(value), start)
    }
    return Number(value)
  }
}
