// XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md) of one row at a time, run with two seeds at once.
// AssemblyScript, a part of the module that rows.as.ts is compiled into.

const P1: u64 = 0x9e3779b185ebca87
const P2: u64 = 0xc2b2ae3d27d4eb4f
const P3: u64 = 0x165667b19e3779f9
const P4: u64 = 0x85ebca77c2b2ae63
const P5: u64 = 0x27d4eb2f165667c5
const SEED0: u64 = 0
const SEED1: u64 = 0x9e3779b97f4a7c15

export let rowHash0: u64 = 0
export let rowHash1: u64 = 0

// Of the row so far: whole stripes of 32 bytes.
let absorbedBytes: u64 = 0
let a1: u64 = 0
let a2: u64 = 0
let a3: u64 = 0
let a4: u64 = 0
let b1: u64 = 0
let b2: u64 = 0
let b3: u64 = 0
let b4: u64 = 0

@inline
function round(accumulator: u64, product: u64): u64 {
  return rotl(accumulator + product, 31) * P1
}

/** Begins a row. */
export function seed(): void {
  absorbedBytes = 0
  a1 = SEED0 + P1 + P2
  a2 = SEED0 + P2
  a3 = SEED0
  a4 = SEED0 - P1
  b1 = SEED1 + P1 + P2
  b2 = SEED1 + P2
  b3 = SEED1
  b4 = SEED1 - P1
}

/** Takes whole stripes of 32 bytes into both hashes; the product with P2 is shared. */
export function absorb(from: usize, length: usize): void {
  let x1 = a1
  let x2 = a2
  let x3 = a3
  let x4 = a4
  let y1 = b1
  let y2 = b2
  let y3 = b3
  let y4 = b4
  absorbedBytes += length
  const end = from + length
  while (from < end) {
    const w1 = load<u64>(from) * P2
    const w2 = load<u64>(from, 8) * P2
    const w3 = load<u64>(from, 16) * P2
    const w4 = load<u64>(from, 24) * P2
    x1 = round(x1, w1)
    x2 = round(x2, w2)
    x3 = round(x3, w3)
    x4 = round(x4, w4)
    y1 = round(y1, w1)
    y2 = round(y2, w2)
    y3 = round(y3, w3)
    y4 = round(y4, w4)
    from += 32
  }
  a1 = x1
  a2 = x2
  a3 = x3
  a4 = x4
  b1 = y1
  b2 = y2
  b3 = y3
  b4 = y4
}

@inline
function merge(h: u64, v: u64): u64 {
  return (h ^ round(0, v * P2)) * P1 + P4
}

@inline
function converge(v1: u64, v2: u64, v3: u64, v4: u64): u64 {
  let h = rotl(v1, 1) + rotl(v2, 7) + rotl(v3, 12) + rotl(v4, 18)
  h = merge(h, v1)
  h = merge(h, v2)
  h = merge(h, v3)
  return merge(h, v4)
}

@inline
function avalanche(h: u64): u64 {
  h = (h ^ (h >>> 33)) * P2
  h = (h ^ (h >>> 29)) * P3
  return h ^ (h >>> 32)
}

/** Ends a row with its last `length` bytes: rowHash0 and rowHash1 are then known. */
export function hashEnd(from: usize, length: usize): void {
  const stripes = length & ~31
  if (stripes > 0) absorb(from, stripes)
  const total = absorbedBytes + <u64>(length - stripes)
  let h = total >= 32 ? converge(a1, a2, a3, a4) : SEED0 + P5
  let g = total >= 32 ? converge(b1, b2, b3, b4) : SEED1 + P5
  h += total
  g += total
  let p = from + stripes
  const end = from + length
  while (p + 8 <= end) {
    const word = round(0, load<u64>(p) * P2)
    h = rotl(h ^ word, 27) * P1 + P4
    g = rotl(g ^ word, 27) * P1 + P4
    p += 8
  }
  if (p + 4 <= end) {
    const word = <u64>load<u32>(p) * P1
    h = rotl(h ^ word, 23) * P2 + P3
    g = rotl(g ^ word, 23) * P2 + P3
    p += 4
  }
  while (p < end) {
    const word = <u64>load<u8>(p) * P5
    h = rotl(h ^ word, 11) * P1
    g = rotl(g ^ word, 11) * P1
    p++
  }
  rowHash0 = avalanche(h)
  rowHash1 = avalanche(g)
}
