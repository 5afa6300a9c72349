// Turns the row packets of a text result into LOAD DATA text, hashes each row and says where a chunk ends.
// AssemblyScript, compiled by `npm run kernel` into kernel.generated.ts. row-kernel.ts is its only caller.
//
// Input is the socket's bytes in any split, packet headers included. A row's text is its cells joined by TAB and ended by
// LF; NULL is \N; NUL, TAB, LF and backslash are escaped, so a raw LF is always a row end and a raw TAB a cell end.
// Memory: two chunk buffers that take turns, so that one can be stored while the other is filled; no row is ever held whole.
//
// Every decision about where a chunk ends depends on the rows alone, never on how the input was split.

import { escape, escapeOne, isSpecial, LF, TAB } from './escape.as'
import { absorb, hashEnd, rowHash0, rowHash1, seed } from './xxh64.as'

// 256 KiB: four times what a socket read gives, so a copy in costs one call.
const INPUT_BYTES: usize = 256 * 1024
// 4 MiB: the largest chunk.
const CHUNK_BYTES: usize = 4 * 1024 * 1024
// SIMD loads and stores run at most 16 bytes over an end.
const SLACK: usize = 64
const INPUT: usize = 1024
const CHUNK_A: usize = INPUT + INPUT_BYTES + SLACK
const CHUNK_B: usize = CHUNK_A + CHUNK_BYTES + SLACK
const MEMORY_END: usize = CHUNK_B + CHUNK_BYTES + SLACK

// What consume() answers. Codes from 10 on are malformed input; row-kernel.ts has their texts.
const NEED_INPUT: i32 = 0
const CHUNK_READY: i32 = 1
const ENDED: i32 = 2
const BAD_CELL_OVERRUN: i32 = 10
const BAD_ROW_OVERLONG: i32 = 11
const BAD_EMPTY_PACKET: i32 = 12
const BAD_CELL_LENGTH: i32 = 13
const BAD_SEQUENCE: i32 = 14

// A packet of this length goes on in the next one (mysql: "Sending More Than 16Mb").
const FULL_PACKET: u32 = 0xffffff

// Where the parser stands.
const AT_HEADER: i32 = 0
const AT_CELL: i32 = 1
const IN_LENGTH: i32 = 2
const IN_BODY: i32 = 3
const IN_NULL: i32 = 4
const AT_CELL_END: i32 = 5
const AT_ROW_END: i32 = 6

let columns: i32 = 0
let minBytes: usize = 0
let maxBytes: usize = 0
let cutPerByte: u64 = 0

let state: i32 = AT_HEADER
let isContinued: bool = false // the header to come continues a row
let packetLeft: u32 = 0
let isFullPacket: bool = false
let sequence: i32 = -1
let columnsLeft: i32 = 0
let lengthLeft: i32 = 0
let lengthShift: u64 = 0
let cellLength: u64 = 0
let cellLeft: u32 = 0

let consumed: usize = 0
let chunk: usize = CHUNK_A // base of the buffer being filled
let out: usize = CHUNK_A // where the next byte goes
let row: usize = CHUNK_A // where the row's text starts in this chunk
let rows: u32 = 0
let sum0: u64 = 0
let sum1: u64 = 0
let readyBytes: usize = 0 // length of the chunk handed out; 0 when none is
let readyRows: u32 = 0
let ready0: u64 = 0
let ready1: u64 = 0

// The row being read started in an earlier chunk.
let isSpanning: bool = false

export function initialise(): void {
  const pages = <i32>((MEMORY_END + 0xffff) >>> 16)
  if (memory.size() < pages) memory.grow(pages - memory.size())
}

export function inputAddress(): usize {
  return INPUT
}

export function inputBytes(): usize {
  return INPUT_BYTES
}

export function largestChunkBytes(): usize {
  return CHUNK_BYTES
}

/** Starts a result of `columnCount` columns. `spread` = mean - min: the expected distance of a cut beyond the minimum. */
export function begin(columnCount: i32, min: u32, max: u32, spread: u32): void {
  columns = columnCount
  minBytes = min
  maxBytes = max
  cutPerByte = u64.MAX_VALUE / <u64>spread
  state = AT_HEADER
  isContinued = false
  packetLeft = 0
  isFullPacket = false
  sequence = -1
  chunk = CHUNK_A
  out = chunk
  row = chunk
  rows = 0
  sum0 = 0
  sum1 = 0
  readyBytes = 0
  isSpanning = false
}

export function consumedBytes(): usize {
  return consumed
}

export function chunkAddress(): usize {
  return chunk
}

export function chunkLength(): usize {
  return readyBytes
}

export function chunkRows(): u32 {
  return readyRows
}

export function chunkHash0(): u64 {
  return ready0
}

export function chunkHash1(): u64 {
  return ready1
}

/** After ENDED: makes what is left a last chunk. False when nothing is left. */
export function finish(): bool {
  if (readyBytes > 0) turn()
  if (out === chunk) return false
  offer(out - chunk)
  return true
}

/**
 * Takes `length` bytes that stand in the input area and answers NEED_INPUT, CHUNK_READY, ENDED or an error. After
 * CHUNK_READY the caller calls again with what was not consumed, once the chunk before that one may be overwritten.
 */
export function consume(length: usize): i32 {
  if (readyBytes > 0) turn()
  let p = INPUT
  const end = INPUT + length
  while (true) {
    if (state === AT_HEADER) {
      const need: usize = isContinued ? 4 : 5
      if (p + need > end) return stop(p, NEED_INPUT)
      const header = load<u32>(p)
      const size = header & 0xffffff
      if (!isContinued) {
        if (size === 0) return stop(p, BAD_EMPTY_PACKET)
        // A row can start with 0xfe only when its first cell is 16 MiB or more, which fills the first packet;
        // 0xff never starts a row. So these are the EOF or OK packet, and the ERR packet.
        const first = load<u8>(p + 4)
        if (first === 0xff || (first === 0xfe && size < FULL_PACKET)) return stop(p, ENDED)
      }
      const number = <i32>(header >>> 24)
      if (sequence >= 0 && number !== ((sequence + 1) & 0xff)) return stop(p, BAD_SEQUENCE)
      sequence = number
      packetLeft = size
      isFullPacket = size === FULL_PACKET
      p += 4
      if (isContinued) {
        isContinued = false
        if (columnsLeft === 0) state = AT_ROW_END
        else if (size > 0) state = resumeState
        else return stop(p, BAD_CELL_OVERRUN)
      } else {
        columnsLeft = columns
        state = AT_CELL
        // The whole row is here and its text surely fits (a cell of n bytes takes n + 1 bytes at least and gives 2n + 1 at
        // most; NULL gives 3 for 1): the fast way, without checks for room.
        if (!isFullPacket && p + size <= end && <usize>size * 3 <= chunk + maxBytes - out) {
          const status = wholeRow(p, size)
          if (status >= BAD_CELL_OVERRUN) return stop(p, status)
          p += size
          state = AT_HEADER
          if (status === CHUNK_READY) return stop(p, CHUNK_READY)
          continue
        }
      }
    }
    if (state === AT_CELL_END) {
      // The separator is written as soon as the cell has ended: whether the row goes on is known by its columns.
      if (out >= chunk + maxBytes) return makeRoom(p)
      columnsLeft--
      store<u8>(out, columnsLeft > 0 ? TAB : LF)
      out++
      if (columnsLeft === 0 && packetLeft > 0) return stop(p, BAD_ROW_OVERLONG)
      state = columnsLeft > 0 ? AT_CELL : AT_ROW_END
    }
    if (state === AT_ROW_END) {
      // A row that exactly fills its last packet is followed by an empty one.
      if (isFullPacket) {
        isContinued = true
        state = AT_HEADER
        continue
      }
      if (packetLeft > 0) return stop(p, BAD_ROW_OVERLONG)
      state = AT_HEADER
      if (endRow()) return stop(p, CHUNK_READY)
      continue
    }
    if (state === IN_NULL) {
      if (out + 2 > chunk + maxBytes) return makeRoom(p)
      store<u16>(out, 0x4e5c) // \N
      out += 2
      state = AT_CELL_END
      continue
    }
    if (packetLeft === 0 && !(state === IN_BODY && cellLeft === 0)) {
      if (!isFullPacket) return stop(p, BAD_CELL_OVERRUN)
      resumeState = state
      isContinued = true
      state = AT_HEADER
      continue
    }
    if (state === AT_CELL) {
      if (p >= end) return stop(p, NEED_INPUT)
      const first = load<u8>(p)
      p++
      packetLeft--
      if (first < 0xfb) {
        cellLeft = first
        state = IN_BODY
      } else if (first === 0xfb) {
        state = IN_NULL
        continue
      } else if (first === 0xff) {
        return stop(p, BAD_CELL_LENGTH)
      } else {
        lengthLeft = first === 0xfc ? 2 : first === 0xfd ? 3 : 8
        lengthShift = 0
        cellLength = 0
        state = IN_LENGTH
        continue
      }
    }
    if (state === IN_LENGTH) {
      if (p >= end) return stop(p, NEED_INPUT)
      cellLength |= <u64>load<u8>(p) << lengthShift
      lengthShift += 8
      lengthLeft--
      p++
      packetLeft--
      if (lengthLeft > 0) continue
      if (cellLength > <u64>u32.MAX_VALUE) return stop(p, BAD_CELL_LENGTH)
      cellLeft = <u32>cellLength
      state = IN_BODY
      continue
    }
    // IN_BODY
    if (cellLeft === 0) {
      state = AT_CELL_END
      continue
    }
    if (p >= end) return stop(p, NEED_INPUT)
    const room = chunk + maxBytes - out
    let piece = min<usize>(min<usize>(cellLeft, packetLeft), end - p)
    if (piece > room >>> 1) {
      piece = room >>> 1
      if (piece < 16) {
        // Byte by byte up to the very limit, so that the cut does not depend on how the input was split.
        const byte = load<u8>(p)
        const width: usize = isSpecial(byte) ? 2 : 1
        if (width > room) return makeRoom(p)
        out = escapeOne(byte, out)
        p++
        cellLeft--
        packetLeft--
        continue
      }
    }
    out = escape(p, piece, out)
    p += piece
    cellLeft -= <u32>piece
    packetLeft -= <u32>piece
  }
}

let resumeState: i32 = AT_CELL

@inline
function stop(p: usize, status: i32): i32 {
  consumed = p - INPUT
  return status
}

/** A row that lies whole in the input and whose text fits. NEED_INPUT means: go on. */
function wholeRow(start: usize, size: u32): i32 {
  let p = start
  const rowEnd = start + size
  let o = out
  for (let column = columns; column > 0; column--) {
    if (p >= rowEnd) return BAD_CELL_OVERRUN
    const first = load<u8>(p)
    p++
    if (first === 0xfb) {
      store<u16>(o, 0x4e5c)
      o += 2
    } else {
      let length: usize = first
      if (first > 0xfb) {
        if (first === 0xfc) {
          length = load<u16>(p)
          p += 2
        } else if (first === 0xfd) {
          length = load<u32>(p) & 0xffffff
          p += 3
        } else {
          return BAD_CELL_LENGTH
        }
      }
      if (p + length > rowEnd) return BAD_CELL_OVERRUN
      o = escape(p, length, o)
      p += length
    }
    store<u8>(o, TAB)
    o++
  }
  if (p !== rowEnd) return BAD_ROW_OVERLONG
  store<u8>(o - 1, LF)
  out = o
  return endRow() ? CHUNK_READY : NEED_INPUT
}

/** Hashes the row that just got its LF and decides whether the chunk ends here. */
function endRow(): bool {
  // The LF is no part of the row's text.
  if (!isSpanning) seed()
  hashEnd(row, out - 1 - row)
  sum0 += rowHash0
  sum1 += rowHash1
  rows++
  const bytes = <u64>(out - row)
  row = out
  // A spanning row ends its chunk, so that every chunk but its pieces starts at a row.
  if (isSpanning) {
    isSpanning = false
    offer(out - chunk)
    return true
  }
  if (out - chunk < minBytes) return false
  // The chance is the row's share of the spread: bytes / spread. With whole-row hashes an untouched range is cut alike.
  const limit = bytes > u64.MAX_VALUE / cutPerByte ? u64.MAX_VALUE : bytes * cutPerByte
  if (rowHash0 > limit) return false
  offer(out - chunk)
  return true
}

/** The next byte does not fit: the chunk ends before this row or, when the row has it to itself, within the row. */
function makeRoom(p: usize): i32 {
  if (row > chunk) {
    offer(row - chunk)
  } else {
    // Hashing goes on in the next chunk: whole stripes of 32 bytes stay here, what remains moves on.
    const bytes = (out - chunk) & ~31
    if (!isSpanning) seed()
    absorb(chunk, bytes)
    isSpanning = true
    offer(bytes)
  }
  return stop(p, CHUNK_READY)
}

function offer(bytes: usize): void {
  readyBytes = bytes
  readyRows = rows
  ready0 = sum0
  ready1 = sum1
}

/** Goes on in the other buffer with what stands behind the chunk handed out. */
function turn(): void {
  const from = chunk + readyBytes
  const left = out - from
  chunk = chunk === CHUNK_A ? CHUNK_B : CHUNK_A
  memory.copy(chunk, from, left)
  out = chunk + left
  row = chunk
  rows = 0
  sum0 = 0
  sum1 = 0
  readyBytes = 0
}
