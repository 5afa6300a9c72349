// What LOAD DATA reads as something other than itself, and its escapes: 16 bytes at a time, with as many read and written over an end.
// AssemblyScript, a part of the module that rows.as.ts is compiled into.

export const TAB: u8 = 0x09
export const LF: u8 = 0x0a
const BACKSLASH: u8 = 0x5c

/** Low nibble to the one special byte that has it: 0x00, 0x09, 0x0a, 0x5c. Others map to a byte of another low nibble. */
@inline
function specials(bytes: v128): i32 {
  const table = i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x0a, 0, 0x5c, 0, 0, 0)
  const candidates = i8x16.swizzle(table, v128.and(bytes, i8x16.splat(0x0f)))
  return i8x16.bitmask(i8x16.eq(candidates, bytes))
}

@inline
export function isSpecial(byte: u8): bool {
  return byte === 0 || byte === TAB || byte === LF || byte === BACKSLASH
}

@inline
export function escapeOne(byte: u8, to: usize): usize {
  if (!isSpecial(byte)) {
    store<u8>(to, byte)
    return to + 1
  }
  return escapeSpecial(byte, to)
}

@inline
function escapeSpecial(byte: u8, to: usize): usize {
  // 0 -> '0', TAB -> 't', LF -> 'n', '\' -> '\'
  const letter: u16 = byte === 0 ? 0x30 : byte === TAB ? 0x74 : byte === LF ? 0x6e : BACKSLASH
  store<u16>(to, <u16>BACKSLASH | (letter << 8))
  return to + 2
}

export function escape(from: usize, length: usize, to: usize): usize {
  const end = from + length
  while (from + 16 <= end) {
    const bytes = v128.load(from)
    v128.store(to, bytes)
    const mask = specials(bytes)
    if (mask === 0) {
      from += 16
      to += 16
    } else {
      const at = <usize>ctz(mask)
      from += at
      to = escapeSpecial(load<u8>(from), to + at)
      from++
    }
  }
  while (from < end) {
    const bytes = v128.load(from)
    v128.store(to, bytes)
    const left = end - from
    const mask = specials(bytes) & ((1 << <i32>left) - 1)
    if (mask === 0) return to + left
    const at = <usize>ctz(mask)
    from += at
    to = escapeSpecial(load<u8>(from), to + at)
    from++
  }
  return to
}
