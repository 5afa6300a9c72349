// The characters of two-byte character sets in the order of their codes, which is how their collations sort most of them.

const encodings: Readonly<Record<string, string>> = {
  gbk: 'gbk',
  gb2312: 'gbk',
  gb18030: 'gbk',
  big5: 'big5',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  ujis: 'euc-jp',
  eucjpms: 'euc-jp',
  euckr: 'euc-kr',
}

const orders = new Map<string, readonly number[]>()

/** Code points of a character set in its own order, about 24,000; undefined for sets whose order is that of Unicode. */
export function characterOrder(charset: string): readonly number[] | undefined {
  const encoding = Object.hasOwn(encodings, charset) ? encodings[charset] : undefined
  if (encoding === undefined) return undefined
  const known = orders.get(encoding)
  if (known !== undefined) return known
  const order = readOrder(encoding)
  orders.set(encoding, order)
  return order
}

function readOrder(encoding: string): number[] {
  const decoder = new TextDecoder(encoding)
  const found = new Set<number>()
  const add = (...bytes: number[]) => {
    const [character, more] = Array.from(decoder.decode(Uint8Array.from(bytes)))
    if (character !== undefined && more === undefined && character !== '\uFFFD') {
      found.add(character.codePointAt(0) ?? 0)
    }
  }
  for (let byte = 0x20; byte <= 0xff; byte++) add(byte)
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) add(lead, trail)
  }
  return [...found]
}
