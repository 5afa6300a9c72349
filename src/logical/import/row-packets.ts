// Rows of cells as the row packets of the protocol: what the kernel reads.

// A packet holds one byte less than 16 MiB; a longer row goes on in the next one.
const maxPacketBytes = 0xffffff
const headerBytes = 4
// Of a length-encoded integer: 0xfe and 8 bytes.
const maxPrefixBytes = 9
const startBytes = 256 * 1024

/** Rows one after the other, until they are taken. */
export class RowPackets {
  #bytes: Buffer = Buffer.allocUnsafe(startBytes)
  #at = 0
  #rowStart = 0
  #sequence = 0
  rows = 0

  /** Bytes of whole rows that wait to be taken. */
  get length(): number {
    return this.#at
  }

  beginRow(): void {
    this.#rowStart = this.#at
    this.#room(headerBytes)
    this.#at += headerBytes
  }

  null(): void {
    this.#room(1)
    this.#bytes[this.#at++] = 0xfb
  }

  /** A cell that holds `bytes` from `start` to `end`. */
  cell(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#prefix(end - start)
    this.#at += bytes.copy(this.#bytes, this.#at, start, end)
  }

  endRow(): void {
    this.rows++
    const start = this.#rowStart
    const length = this.#at - start - headerBytes
    if (length < maxPacketBytes) {
      this.#writeHeader(start, length)
      return
    }
    const row = Buffer.from(this.#bytes.subarray(start + headerBytes, this.#at))
    this.#at = start
    for (let from = 0; from <= row.length; from += maxPacketBytes) {
      const size = Math.min(maxPacketBytes, row.length - from)
      this.#room(headerBytes + size)
      this.#writeHeader(this.#at, size)
      row.copy(this.#bytes, this.#at + headerBytes, from, from + size)
      this.#at += headerBytes + size
    }
  }

  /** What there is; gone here. Valid until the next row. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#at)
    this.#at = 0
    if (this.#bytes.length > 64 * startBytes) this.#bytes = Buffer.allocUnsafe(startBytes)
    return taken
  }

  #prefix(length: number): void {
    this.#room(maxPrefixBytes + length)
    const bytes = this.#bytes
    if (length < 0xfb) bytes[this.#at++] = length
    else if (length <= 0xffff) {
      bytes[this.#at] = 0xfc
      this.#at = bytes.writeUInt16LE(length, this.#at + 1)
    } else if (length <= 0xffffff) {
      bytes[this.#at] = 0xfd
      this.#at = bytes.writeUIntLE(length, this.#at + 1, 3)
    } else {
      bytes[this.#at] = 0xfe
      this.#at = bytes.writeBigUInt64LE(BigInt(length), this.#at + 1)
    }
  }

  #writeHeader(at: number, size: number): void {
    this.#bytes.writeUIntLE(size, at, 3)
    this.#bytes[at + 3] = this.#sequence++ & 0xff
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + length))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
