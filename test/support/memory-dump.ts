// A dump of another program in memory, in pieces of any length, taken in and looked at as text.

import { type LogicalContent, parseLogicalContent } from '../../src/logical/content.ts'
import type { DumpFiles } from '../../src/logical/import/dump-files.ts'
import {
  type DumpFormat,
  type ImportOptions,
  type ImportResult,
  importDump,
} from '../../src/logical/import/import-dump.ts'
import { MemoryBackup } from './memory-backup.ts'

export function memoryDump(contents: Readonly<Record<string, string | Buffer>>, pieceBytes = 7): DumpFiles {
  const bytes = new Map(
    Object.entries(contents).map(([name, text]) => [
      name,
      typeof text === 'string' ? Buffer.from(text) : text,
    ]),
  )
  const volume = { sizeBytes: [...bytes.values()].reduce((sum, { length }) => sum + length, 0), readBytes: 0 }
  return {
    volume,
    names: [...bytes.keys()].toSorted(),
    async *read(name) {
      const all = bytes.get(name) ?? Buffer.alloc(0)
      for (let at = 0; at < all.length; at += pieceBytes) {
        yield all.subarray(at, at + pieceBytes)
        volume.readBytes += Math.min(pieceBytes, all.length - at)
      }
    },
    changedMicros: () => Promise.resolve(1_700_000_000_000_000),
  }
}

export interface TakenDump extends ImportResult {
  readonly content: LogicalContent
  /** The text of a table's rows. */
  text(object: string): string
}

export async function takeDump(
  format: DumpFormat,
  contents: Readonly<Record<string, string | Buffer>>,
  options: Pick<ImportOptions, 'schema' | 'serverVersion' | 'textCharset'> & {
    readonly pieceBytes?: number
  } = {},
): Promise<TakenDump> {
  const { pieceBytes, ...rest } = options
  const sink = new MemoryBackup()
  const files = memoryDump(contents, pieceBytes)
  const taken = await importDump({ files, format, sink, emit: () => undefined, ...rest })
  return {
    ...taken,
    content: parseLogicalContent(JSON.parse(JSON.stringify(taken.result.content))),
    text: (object) => sink.text(taken.result, object),
  }
}
