// The rows of a small result as bytes: for statements that are kept in another character set than UTF-8.
import { RowKernel } from '../bytes/kernel/row-kernel.ts'
import type { Connection } from '../wire/connection.ts'
import type { RawRowProgress } from '../wire/results.ts'

export type ByteRow = ReadonlyMap<string, Buffer | null>

const tab = 0x09
const lineFeed = 0x0a
const backslash = 0x5c
const unescaped: ReadonlyMap<number, number> = new Map([
  [0x30, 0x00],
  [0x74, tab],
  [0x6e, lineFeed],
  [backslash, backslash],
])

/** Reads results whole. The session must have character_set_results = NULL, or the server converts. */
export class ByteQuery {
  readonly #kernel = new RowKernel()

  async rows(connection: Connection, sql: string): Promise<readonly ByteRow[]> {
    const kernel = this.#kernel
    const parts: Buffer[] = []
    let names: readonly string[] = []
    await connection.queryRaw(sql, {
      columns: (definitions) => {
        names = definitions.map((definition) => definition.name)
        kernel.begin(definitions.length)
      },
      take: (bytes): RawRowProgress => {
        for (let at = 0; ; ) {
          const step = kernel.step(bytes.subarray(at))
          at += step.consumed
          if (step.kind === 'chunk') parts.push(Buffer.from(step.chunk.bytes))
          else if (step.kind === 'end') return { consumed: at, ended: true }
          else if (step.consumed === 0 || at === bytes.length) return { consumed: at, ended: false }
        }
      },
    })
    const last = kernel.finish()
    if (last !== undefined) parts.push(Buffer.from(last.bytes))
    return rowsOf(Buffer.concat(parts), names)
  }
}

function rowsOf(text: Buffer, names: readonly string[]): ByteRow[] {
  const rows: ByteRow[] = []
  let row = new Map<string, Buffer | null>()
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte !== tab && byte !== lineFeed) continue
    row.set(names[row.size] ?? '', cellOf(text.subarray(start, at)))
    start = at + 1
    if (byte === tab) continue
    rows.push(row)
    row = new Map()
  }
  return rows
}

/** A cell of LOAD DATA text as the bytes it stands for. */
export function cellOf(text: Buffer): Buffer | null {
  if (text.length === 2 && text[0] === backslash && text[1] === 0x4e) return null
  if (!text.includes(backslash)) return Buffer.from(text)
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] ?? 0
    if (byte === backslash) bytes.push(unescaped.get(text[++at] ?? 0) ?? 0)
    else bytes.push(byte)
  }
  return Buffer.from(bytes)
}
