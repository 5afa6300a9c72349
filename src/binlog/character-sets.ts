// Which character set a collation number of the log belongs to, and text in it as Unicode.
import { isUtf8 } from 'node:buffer'

/** The one that bytes are in which are no text. */
export const binaryCharset = 'binary'

/** Collation numbers by character set, of both servers (information_schema.COLLATIONS); `-` is up to and with. */
const collationNumbers: Readonly<Record<string, string>> = {
  big5: '1 84',
  latin2: '2 9 21 27 77',
  dec8: '3 69',
  cp850: '4 80',
  latin1: '5 8 15 31 47-49 94',
  hp8: '6 72',
  koi8r: '7 74',
  swe7: '10 82',
  ascii: '11 65',
  ujis: '12 91',
  sjis: '13 88',
  cp1251: '14 23 50-52',
  hebrew: '16 71',
  tis620: '18 89',
  euckr: '19 85',
  latin7: '20 41-42 79',
  koi8u: '22 75',
  gb2312: '24 86',
  greek: '25 70',
  cp1250: '26 34 44 66 99',
  gbk: '28 87',
  cp1257: '29 58-59',
  latin5: '30 78',
  armscii8: '32 64',
  utf8mb3: '33 76 83 192-215 223 576-579',
  ucs2: '35 90 128-151 159 640-642',
  cp866: '36 68',
  keybcs2: '37 73',
  macce: '38 43',
  macroman: '39 53',
  cp852: '40 81',
  utf8mb4: '45-46 224-247 255-323 608-611',
  utf16: '54-55 101-124 672-674',
  utf16le: '56 62',
  cp1256: '57 67',
  utf32: '60-61 160-183 736-738',
  [binaryCharset]: '63',
  geostd8: '92-93',
  cp932: '95-96',
  eucjpms: '97-98',
  gb18030: '248-250',
}

/** Characters of these take more than a byte (mbmaxlen; information_schema.CHARACTER_SETS, MAXLEN). */
const characterBytes: Readonly<Record<string, number>> = {
  big5: 2,
  ujis: 3,
  sjis: 2,
  euckr: 2,
  gb2312: 2,
  gbk: 2,
  utf8: 3,
  utf8mb3: 3,
  ucs2: 2,
  utf8mb4: 4,
  utf16: 4,
  utf16le: 4,
  utf32: 4,
  cp932: 2,
  eucjpms: 3,
  gb18030: 4,
}

/** The most bytes that a character takes. */
export function bytesOfCharacter(charset: string): number {
  return characterBytes[charset] ?? 1
}

const charsetOfNumber = new Map(
  Object.entries(collationNumbers).flatMap(([charset, runs]) =>
    runs.split(' ').flatMap((run) => {
      const [from = 0, to = from] = run.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, i) => [from + i, charset] as const)
    }),
  ),
)

// MariaDB's uca1400 collations: 256 numbers for each of these, from 2048 (my_uca1400_make_builtin_collation_id).
const uca1400Charsets = ['utf8mb3', 'utf8mb4', 'ucs2', 'utf16', 'utf32']

/** Undefined for a number that nobody here knows. */
export function charsetOfCollation(collation: number): string | undefined {
  if (collation >= 2048) return uca1400Charsets[(collation - 2048) >> 8]
  // MariaDB's collations that do not pad: the number of the one that pads, and 1024 (MY_NOPAD_ID).
  return charsetOfNumber.get(collation) ?? charsetOfNumber.get(collation - 1024)
}

/** Names of the WHATWG encoding standard; latin1 is windows-1252 on both servers. */
const encodings: Readonly<Record<string, string>> = {
  utf8mb3: 'utf-8',
  utf8mb4: 'utf-8',
  utf8: 'utf-8',
  ascii: 'utf-8',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'iso-8859-9',
  latin7: 'iso-8859-13',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp866: 'ibm866',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  macroman: 'macintosh',
  tis620: 'windows-874',
  big5: 'big5',
  gb2312: 'gbk',
  gbk: 'gbk',
  gb18030: 'gb18030',
  euckr: 'euc-kr',
  ujis: 'euc-jp',
  eucjpms: 'euc-jp',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  ucs2: 'utf-16be',
  utf16: 'utf-16be',
  utf16le: 'utf-16le',
}

const decoders = new Map<string, InstanceType<typeof TextDecoder>>()

/** Undefined for bytes that are no text, or none in this character set, or where nothing here reads it. */
export function textIn(charset: string, bytes: Buffer): string | undefined {
  if (charset === 'utf32') return utf32Text(bytes)
  const encoding = encodings[charset]
  if (encoding === undefined) return undefined
  if (encoding === 'utf-8') return isUtf8(bytes) ? bytes.toString('utf8') : undefined
  let decoder = decoders.get(encoding)
  if (decoder === undefined) {
    decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
    decoders.set(encoding, decoder)
  }
  try {
    return decoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function utf32Text(bytes: Buffer): string | undefined {
  if (bytes.length % 4 !== 0) return undefined
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 4) {
    const point = bytes.readUInt32BE(at)
    if (point > 0x10ffff) return undefined
    parts.push(String.fromCodePoint(point))
  }
  return parts.join('')
}
