// Checks the kernel against a plain TypeScript encoder, hash and chunker.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { compileKernel } from '../../../scripts/kernel.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { addRowHashes, noRowsHash } from './row-hash.ts'
import { type ChunkLimits, chunkLimits, RowKernel } from './row-kernel.ts'

type Cell = Buffer | null
type Row = readonly Cell[]
interface Chunk {
  readonly text: string
  readonly rows: number
  readonly rowHash: string
}

const kernel = new RowKernel()
const terminators = [
  ['the EOF packet', Buffer.from('05000000fe00002200', 'hex')],
  ['the OK packet', Buffer.from('07000000fe000002000000', 'hex')],
  ['the ERR packet', Buffer.from('09000000ff2905233432303030', 'hex')],
] as const

test('the checked-in module is what rows.as.ts compiles to', async () => {
  const generated = readFileSync(new URL('./kernel.generated.ts', import.meta.url), 'utf8')
  assert.equal(await compileKernel(), generated)
})

test('cells are joined by TAB, rows end in LF, and NUL, TAB, LF and backslash are escaped', () => {
  const rows = [
    [Buffer.from('1'), null, Buffer.alloc(0)],
    [Buffer.from('a\0b\tc\nd\\e'), Buffer.from('\\N'), Buffer.from('\r\x1a\b\'"')],
  ]
  const [chunk] = run(rows, chunkLimits, [])
  assert.equal(chunk?.text, '1\t\\N\t\na\\0b\\tc\\nd\\\\e\t\\\\N\t\r\x1a\b\'"\n')
  assert.equal(chunk?.rows, 2)
})

test('every byte value survives at every place of a SIMD block', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
  for (let shift = 0; shift < 17; shift++) {
    const cell = Buffer.concat([Buffer.alloc(shift, 'x'), bytes, Buffer.alloc(17 - shift)])
    assert.deepEqual(run([[cell]], chunkLimits, []), reference([[cell]], chunkLimits))
  }
})

test('XXH64 of the oracle is the published one', () => {
  assert.equal(xxh64(Buffer.from(''), 0n), 0xef46db3751d8e999n)
  assert.equal(xxh64(Buffer.from('a'), 0n), 0xd24ec4f1a98c6e5bn)
  assert.equal(xxh64(Buffer.from('abc'), 0n), 0x44bc2cf5ad770999n)
})

const cell = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.oneof(fc.constantFrom(0, 9, 10, 92), fc.integer({ min: 0, max: 255 })), { maxLength: 80 })
      .map((bytes) => Buffer.from(bytes)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 240, max: 1200 }).map((length) => Buffer.alloc(length, 'ab\0')) },
)
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 30 }))
const splits = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 })

test('random rows in random splits give the text, rows, hashes and chunks of the reference', () => {
  const limits = { minBytes: 100, meanBytes: 300, maxBytes: 700 }
  fc.assert(
    fc.property(table, splits, fc.constantFrom(...terminators), (rows, sizes, [, end]) => {
      assert.deepEqual(run(rows, limits, sizes, end), reference(rows, limits))
    }),
    { numRuns: 300 },
  )
})

test('rows far longer than a chunk span chunks and keep their hash', () => {
  const limits = { minBytes: 20, meanBytes: 40, maxBytes: 64 }
  fc.assert(
    fc.property(table, splits, (rows, sizes) => {
      const chunks = run(rows, limits, sizes)
      assert.deepEqual(chunks, reference(rows, limits))
      assert.ok(chunks.every((chunk) => chunk.text.length <= 64))
    }),
    { numRuns: 200 },
  )
})

test('packets of 16 MiB - 1 bytes continue, also when the row exactly fills one', () => {
  const full = 0xffffff
  // 1 byte for '1' and its length, 9 for the long cell's length: the row fills 1, 1 and a bit, and 2 packets.
  for (const length of [full - 11, full - 10, 2 * full - 11]) {
    const long = Buffer.alloc(length, 'abcdefg')
    for (const at of [0, 1, full - 10, length - 1]) long[at] = 10
    const row = [Buffer.from('1'), long]
    const chunks = run([row, [Buffer.from('2'), null]], chunkLimits, [65536])
    const text = chunks.map((chunk) => chunk.text).join('')
    assert.ok(
      text === `1\t${long.toString('latin1').replaceAll('\n', '\\n')}\n2\t\\N\n`,
      `${length} bytes differ`,
    )
    const small = run(
      [row, [Buffer.from('2'), null]],
      { ...chunkLimits, maxBytes: 2 * 1024 * 1024 },
      [50_000],
    )
    const [hash, same] = [chunks, small].map((all) =>
      all.map((chunk) => chunk.rowHash).reduce(addRowHashes, noRowsHash),
    )
    assert.equal(hash, same, 'the hash does not depend on where the row is cut')
  }
})

test('an unchanged range is cut at the same rows whatever stands before it', () => {
  const limits = { minBytes: 200, meanBytes: 600, maxBytes: 5000 }
  const rows = Array.from({ length: 2000 }, (_, at) => [
    Buffer.from(String(at)),
    Buffer.from(`text of row ${at}`),
  ])
  const before = new Set(run(rows, limits, []).map((chunk) => chunk.text))
  const after = run([[Buffer.from('-1'), Buffer.from('new')], ...rows], limits, []).map((chunk) => chunk.text)
  assert.ok(after.filter((text) => !before.has(text)).length <= 12, 'few chunks are new')
  const mean = rows.length === 0 ? 0 : after.join('').length / after.length
  assert.ok(mean > 400 && mean < 900, `mean chunk has ${mean} bytes`)
})

const bad: readonly (readonly [string, string, number, RegExp])[] = [
  ['an empty packet', '00000000fe', 1, /a row, found an empty packet/],
  ['a cell that runs past its packet', '0200000005aa00000000', 1, /runs past/],
  ['a row with a column too much', '0400000001610162', 1, /more bytes/],
  ['a row with a column too few', '020000000161', 2, /runs past/],
  ['a packet out of sequence', '02000000016102000002016100', 1, /sequence number/],
  ['0xff as the length of a cell', '030000000161ff', 2, /length of a cell/],
  ['a cell beyond 4 GiB', '0b0000000161fe0000000001000000', 2, /length of a cell/],
]
for (const [what, hex, columns, message] of bad) {
  test(`${what} is malformed, in one piece or byte by byte`, () => {
    for (const size of [100, 1]) {
      assert.throws(
        () => feed(Buffer.from(hex, 'hex'), columns, chunkLimits, [size]),
        (error) => {
          assert.ok(error instanceof MalformedDataError)
          assert.match(error.message, message)
          return true
        },
      )
    }
  })
}

function run(
  rows: readonly Row[],
  limits: ChunkLimits,
  sizes: readonly number[],
  end: Buffer = terminators[0][1],
): Chunk[] {
  const bytes = Buffer.concat([packets(rows), end])
  const { chunks, left } = feed(bytes, rows[0]?.length ?? 1, limits, sizes)
  assert.deepEqual(left, end, 'the terminator is left alone')
  return chunks
}

/** Feeds `bytes` in pieces of the `sizes`, over and over, presenting again what was not consumed. */
function feed(bytes: Buffer, columns: number, limits: ChunkLimits, sizes: readonly number[]) {
  kernel.begin(columns, limits)
  const chunks: Chunk[] = []
  let from = 0
  let to = 0
  for (let turn = 0; ; turn++) {
    to = Math.min(bytes.length, to + (sizes.length === 0 ? bytes.length : (sizes[turn % sizes.length] ?? 1)))
    for (;;) {
      const step = kernel.step(bytes.subarray(from, to))
      from += step.consumed
      if (step.kind === 'chunk') chunks.push(plain(step.chunk))
      if (step.kind === 'end') {
        const last = kernel.finish()
        if (last !== undefined) chunks.push(plain(last))
        return { chunks, left: bytes.subarray(from) }
      }
      if (step.kind === 'input' && (to - from <= 4 || step.consumed === 0)) break
    }
    assert.ok(to - from <= 4, 'all but a header is consumed')
    assert.ok(to < bytes.length, 'the end was seen')
  }
}

function plain(chunk: { bytes: Buffer; rows: number; rowHash: string }): Chunk {
  return { text: chunk.bytes.toString('latin1'), rows: chunk.rows, rowHash: chunk.rowHash }
}

function packets(rows: readonly Row[]): Buffer {
  const parts: Buffer[] = []
  let sequence = 3
  for (const row of rows) {
    const payload = Buffer.concat(row.map(encodeCell))
    for (let at = 0; ; at += 0xffffff) {
      const piece = payload.subarray(at, at + 0xffffff)
      const header = Buffer.alloc(4)
      header.writeUIntLE(piece.length, 0, 3)
      header[3] = sequence++ & 0xff
      parts.push(header, piece)
      if (piece.length < 0xffffff) break
    }
  }
  return Buffer.concat(parts)
}

function encodeCell(cell: Cell): Buffer {
  if (cell === null) return Buffer.from([0xfb])
  const { length } = cell
  if (length < 251) return Buffer.concat([Buffer.from([length]), cell])
  if (length < 0x10000) return Buffer.concat([Buffer.from([0xfc, length & 255, length >> 8]), cell])
  const prefix = Buffer.alloc(length < 0x1000000 ? 4 : 9)
  prefix[0] = length < 0x1000000 ? 0xfd : 0xfe
  prefix.writeUIntLE(length, 1, length < 0x1000000 ? 3 : 6)
  return Buffer.concat([prefix, cell])
}

const escapes: Readonly<Record<string, string>> = { '\0': '\\0', '\t': '\\t', '\n': '\\n', '\\': '\\\\' }

/** Characters that a row's text is written in: an escape is never cut by the room that is left. */
function units(row: Row): string[] {
  return row.flatMap((cell, at) => [
    ...(cell === null ? ['\\N'] : Array.from(cell.toString('latin1'), (char) => escapes[char] ?? char)),
    at === row.length - 1 ? '\n' : '\t',
  ])
}

function reference(rows: readonly Row[], limits: ChunkLimits): Chunk[] {
  const chunks: Chunk[] = []
  let text = ''
  let ended = 0
  let hash = noRowsHash
  const cut = () => {
    if (text !== '') chunks.push({ text, rows: ended, rowHash: hash })
    text = ''
    ended = 0
    hash = noRowsHash
  }
  for (const row of rows) {
    const line = units(row)
    const own = rowHash(Buffer.from(line.join('').slice(0, -1), 'latin1'))
    if (text.length + line.join('').length > limits.maxBytes) cut()
    let isSpanning = false
    for (const unit of line) {
      if (text.length + unit.length > limits.maxBytes) {
        const kept = text.length - (text.length % 32)
        const rest = text.slice(kept)
        text = text.slice(0, kept)
        cut()
        text = rest
        isSpanning = true
      }
      text += unit
    }
    ended++
    hash = addRowHashes(hash, own)
    const first = BigInt(`0x${own.slice(0, 16)}`)
    const perByte = (2n ** 64n - 1n) / BigInt(limits.meanBytes - limits.minBytes)
    const isCut = text.length >= limits.minBytes && first <= perByte * BigInt(line.join('').length)
    if (isSpanning || isCut) cut()
  }
  cut()
  return chunks
}

function rowHash(row: Buffer): string {
  return [xxh64(row, 0n), xxh64(row, 0x9e3779b97f4a7c15n)]
    .map((half) => half.toString(16).padStart(16, '0'))
    .join('')
}

const u64 = (value: bigint) => BigInt.asUintN(64, value)
const rotate = (value: bigint, bits: bigint) => u64((value << bits) | (value >> (64n - bits)))

/** https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, word by word. */
function xxh64(bytes: Buffer, seed: bigint): bigint {
  const [p1, p2, p3, p4, p5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ] as const
  const round = (acc: bigint, lane: bigint) => u64(rotate(u64(acc + lane * p2), 31n) * p1)
  let at = 0
  let acc = u64(seed + p5)
  if (bytes.length >= 32) {
    const lanes = [u64(seed + p1 + p2), u64(seed + p2), seed, u64(seed - p1)]
    for (; at + 32 <= bytes.length; at += 32) {
      for (const lane of [0, 1, 2, 3])
        lanes[lane] = round(lanes[lane] ?? 0n, bytes.readBigUInt64LE(at + 8 * lane))
    }
    acc = lanes.reduce((sum, lane, at) => u64(sum + rotate(lane, [1n, 7n, 12n, 18n][at] ?? 0n)), 0n)
    for (const lane of lanes) acc = u64((acc ^ round(0n, lane)) * p1 + p4)
  }
  acc = u64(acc + BigInt(bytes.length))
  for (; at + 8 <= bytes.length; at += 8)
    acc = u64(rotate(acc ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4)
  if (at + 4 <= bytes.length) {
    acc = u64(rotate(acc ^ u64(BigInt(bytes.readUInt32LE(at)) * p1), 23n) * p2 + p3)
    at += 4
  }
  for (; at < bytes.length; at++) acc = u64(rotate(acc ^ u64(BigInt(bytes[at] ?? 0) * p5), 11n) * p1)
  acc = u64((acc ^ (acc >> 33n)) * p2)
  acc = u64((acc ^ (acc >> 29n)) * p3)
  return acc ^ (acc >> 32n)
}
