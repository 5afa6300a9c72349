// Where chunks lie, for millions of them: 56 bytes a chunk instead of the 300 that a Map of objects takes.
import assert from 'node:assert/strict'

/** Place of a chunk's frame; `pack` is a number that the owner of the index gives meaning to. */
export interface ChunkPlace {
  readonly pack: number
  readonly offset: number
  readonly frameBytes: number
  readonly plainBytes: number
}

/** 32 bytes of id and four 32-bit numbers: pack, offset, frame length, payload length. */
export const chunkRecordBytes = 48

/**
 * A hash table with open addressing: `#slots` holds record numbers plus one, 0 meaning free, and is never more than half
 * full. Ids are HMACs, so their first bytes are as good a hash as any.
 */
export class ChunkIndex {
  #records: Buffer
  #slots: Uint32Array
  #size = 0
  readonly #wanted = Buffer.alloc(32)

  constructor(expected = 256) {
    const capacity = Math.max(256, expected)
    this.#records = Buffer.allocUnsafeSlow(capacity * chunkRecordBytes)
    this.#slots = new Uint32Array(slotsFor(capacity))
  }

  get size(): number {
    return this.#size
  }

  find(id: string): ChunkPlace | undefined {
    const record = this.#slots[this.#slotOf(id)] ?? 0
    return record === 0 ? undefined : this.#placeOf(record - 1)
  }

  /** Adds a chunk or gives a known one a new place. */
  set(id: string, place: ChunkPlace): void {
    let slot = this.#slotOf(id)
    let record = (this.#slots[slot] ?? 0) - 1
    if (record === -1) {
      if ((this.#size + 1) * chunkRecordBytes > this.#records.length) {
        this.#grow()
        slot = this.#slotOf(id)
      }
      record = this.#size
      this.#size += 1
      this.#slots[slot] = record + 1
      this.#records.write(id, record * chunkRecordBytes, 'hex')
    }
    const at = record * chunkRecordBytes + 32
    this.#records.writeUInt32BE(place.pack, at)
    this.#records.writeUInt32BE(place.offset, at + 4)
    this.#records.writeUInt32BE(place.frameBytes, at + 8)
    this.#records.writeUInt32BE(place.plainBytes, at + 12)
  }

  *entries(): Generator<{ id: string; place: ChunkPlace }> {
    for (let record = 0; record < this.#size; record += 1) {
      const start = record * chunkRecordBytes
      yield { id: this.#records.toString('hex', start, start + 32), place: this.#placeOf(record) }
    }
  }

  /** All records, for a file; a view, valid until the next `set`. */
  records(): Buffer {
    return this.#records.subarray(0, this.#size * chunkRecordBytes)
  }

  static fromRecords(records: Buffer): ChunkIndex {
    const index = new ChunkIndex(Math.ceil(records.length / chunkRecordBytes))
    for (let start = 0; start + chunkRecordBytes <= records.length; start += chunkRecordBytes) {
      index.set(records.toString('hex', start, start + 32), placeAt(records, start + 32))
    }
    return index
  }

  #slotOf(id: string): number {
    assert.equal(this.#wanted.write(id, 'hex'), 32, 'a chunk id has 64 hex digits')
    const mask = this.#slots.length - 1
    for (let slot = this.#wanted.readUInt32BE(0) & mask; ; slot = (slot + 1) & mask) {
      const record = this.#slots[slot] ?? 0
      if (record === 0) return slot
      const start = (record - 1) * chunkRecordBytes
      if (this.#wanted.compare(this.#records, start, start + 32) === 0) return slot
    }
  }

  #placeOf(record: number): ChunkPlace {
    return placeAt(this.#records, record * chunkRecordBytes + 32)
  }

  #grow(): void {
    const records = Buffer.allocUnsafeSlow(this.#records.length * 2)
    this.#records.copy(records)
    this.#records = records
    this.#slots = new Uint32Array(slotsFor(records.length / chunkRecordBytes))
    const mask = this.#slots.length - 1
    for (let record = 0; record < this.#size; record += 1) {
      let slot = records.readUInt32BE(record * chunkRecordBytes) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = record + 1
    }
  }
}

function placeAt(records: Buffer, at: number): ChunkPlace {
  return {
    pack: records.readUInt32BE(at),
    offset: records.readUInt32BE(at + 4),
    frameBytes: records.readUInt32BE(at + 8),
    plainBytes: records.readUInt32BE(at + 12),
  }
}

/** The power of two that keeps the table at most half full. */
function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 2))
}
