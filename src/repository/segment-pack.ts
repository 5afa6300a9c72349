// Many segments in one object: a table of their lengths, then their sealed files as they were, one behind the other.
import { createHash } from 'node:crypto'
import { MalformedDataError } from '../core/malformed-data-error.ts'

const magic = Buffer.from('HFSEGPAK', 'latin1')
const version = 1
/** Magic 8, version 1, zero 3, number of segments 4. */
const fixedBytes = 16
/** Of each segment, in 8 bytes. */
const lengthBytes = 8
const hashBytes = 32

/** The segments `first` to `last` of a timeline, without a hole. */
export interface PackedRange {
  readonly first: number
  readonly last: number
}

/** Where one of them lies in the object. */
export interface PackedPlace {
  readonly offset: number
  readonly length: number
}

/** Last part of the object's key. */
export function packName({ first, last }: PackedRange): string {
  return `${digits(first)}-${digits(last)}`
}

/** Undefined for the name of anything else. */
export function parsePackName(name: string): PackedRange | undefined {
  const match = /^(\d{16})-(\d{16})$/.exec(name)
  if (match === null) return undefined
  const range = { first: Number(match[1]), last: Number(match[2]) }
  return range.last - range.first >= 0 && Number.isSafeInteger(range.last) ? range : undefined
}

export function packBytes(files: readonly Buffer[]): Buffer {
  const table = Buffer.alloc(fixedBytes + files.length * lengthBytes)
  magic.copy(table)
  table.writeUInt8(version, magic.length)
  table.writeUInt32BE(files.length, fixedBytes - 4)
  for (const [i, file] of files.entries())
    table.writeBigUInt64BE(BigInt(file.length), fixedBytes + i * lengthBytes)
  return Buffer.concat([table, createHash('sha256').update(table).digest(), ...files])
}

/** How much of the object its table takes. */
export function tableBytes({ first, last }: PackedRange): number {
  return fixedBytes + (last - first + 1) * lengthBytes + hashBytes
}

/** `bytes` is the start of the object, as long as tableBytes says. Throws MalformedDataError, naming `file`. */
export function readTable(bytes: Buffer, range: PackedRange, file: string): readonly PackedPlace[] {
  const count = range.last - range.first + 1
  const malformed = (offset: number, expected: string, found: string): MalformedDataError =>
    new MalformedDataError({ what: 'table of segments', file, offset, expected, found })
  if (bytes.length !== tableBytes(range))
    throw malformed(bytes.length, `${tableBytes(range)} bytes`, `${bytes.length}`)
  if (!bytes.subarray(0, magic.length).equals(magic) || bytes.readUInt8(magic.length) !== version)
    throw malformed(
      0,
      `${magic.toString('latin1')} of version ${version}`,
      bytes.toString('hex', 0, magic.length + 1),
    )
  if (bytes.readUInt32BE(fixedBytes - 4) !== count)
    throw malformed(fixedBytes - 4, `${count} segments`, `${bytes.readUInt32BE(fixedBytes - 4)}`)
  const end = bytes.length - hashBytes
  const hash = createHash('sha256').update(bytes.subarray(0, end)).digest()
  if (!hash.equals(bytes.subarray(end)))
    throw malformed(end, hash.toString('hex'), bytes.toString('hex', end))
  const places: PackedPlace[] = []
  let offset = bytes.length
  for (let i = 0; i < count; i += 1) {
    const length = Number(bytes.readBigUInt64BE(fixedBytes + i * lengthBytes))
    places.push({ offset, length })
    offset += length
  }
  return places
}

function digits(seq: number): string {
  return String(seq).padStart(16, '0')
}
