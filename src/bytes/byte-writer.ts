// A cursor that writes the integers and strings of MySQL's protocol and files into a buffer that grows.
import assert from 'node:assert/strict'

/** Mirror of ByteReader: what one writes the other reads. Values out of range are mistakes of the caller and throw RangeError. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacityBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(Math.max(capacityBytes, 16))
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    this.#reserve(1)
    this.#length = this.#bytes.writeUInt8(value, this.#length)
    return this
  }

  u16(value: number): this {
    this.#reserve(2)
    this.#length = this.#bytes.writeUInt16LE(value, this.#length)
    return this
  }

  u24(value: number): this {
    this.#reserve(3)
    this.#length = this.#bytes.writeUIntLE(value, this.#length, 3)
    return this
  }

  u32(value: number): this {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32LE(value, this.#length)
    return this
  }

  u48(value: number): this {
    this.#reserve(6)
    this.#length = this.#bytes.writeUIntLE(value, this.#length, 6)
    return this
  }

  u64(value: number | bigint): this {
    this.#reserve(8)
    this.#length = this.#bytes.writeBigUInt64LE(BigInt(value), this.#length)
    return this
  }

  /** Big-endian, as InnoDB writes what it stores or sends. */
  u16be(value: number): this {
    this.#reserve(2)
    this.#length = this.#bytes.writeUInt16BE(value, this.#length)
    return this
  }

  u32be(value: number): this {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32BE(value, this.#length)
    return this
  }

  u64be(value: number | bigint): this {
    this.#reserve(8)
    this.#length = this.#bytes.writeBigUInt64BE(BigInt(value), this.#length)
    return this
  }

  lenenc(value: number | bigint): this {
    assert(value >= 0, `${value} cannot be length-encoded`)
    if (value < 0xfb) return this.u8(Number(value))
    if (value <= 0xffff) return this.u8(0xfc).u16(Number(value))
    if (value <= 0xff_ffff) return this.u8(0xfd).u24(Number(value))
    return this.u8(0xfe).u64(value)
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  zeros(count: number): this {
    this.#reserve(count)
    this.#bytes.fill(0, this.#length, this.#length + count)
    this.#length += count
    return this
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, 'utf8'))
  }

  /** Text and a 0x00 after it. The text itself must not hold one: the reader would see its end there. */
  nulText(value: string): this {
    assert(!value.includes('\0'), 'a NUL-terminated string cannot hold a NUL')
    return this.text(value).u8(0)
  }

  lenencBytes(value: Uint8Array): this {
    return this.lenenc(value.length).bytes(value)
  }

  lenencText(value: string): this {
    return this.lenencBytes(Buffer.from(value, 'utf8'))
  }

  /** The bytes written so far: a view, valid until the next write. */
  toBuffer(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
