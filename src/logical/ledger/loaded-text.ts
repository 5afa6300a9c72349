// What of a table's text a target has already, and the stretches that are left.
import type { ObjectChunk } from '../../core/backup.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'

/** A place at the end of a row: in the `chunk`-th chunk of a table, before its byte `offset`. */
export interface TextPlace {
  readonly chunk: number
  readonly offset: number
  /** Rows of this chunk that lie before `offset`. */
  readonly rows: number
}

/** Rows that came in one transaction, which said so itself. */
export interface LoadedText {
  readonly start: Omit<TextPlace, 'rows'>
  readonly end: TextPlace
  readonly rows: number
  /** False where strict mode had to be off: see LoadOutcome. */
  readonly isExact: boolean
}

export interface TextRun {
  readonly start: TextPlace
  /** Number of the first chunk that no longer belongs to it. */
  readonly endChunk: number
}

/**
 * In order. Only as far as pieces were handed out are their bounds within chunks, so that what is left ends with a whole chunk.
 * @throws MalformedDataError where stretches overlap or lie outside: then nobody knows what the target has
 */
export function textLeft(chunks: readonly ObjectChunk[], loaded: readonly LoadedText[]): readonly TextRun[] {
  const runs: TextRun[] = []
  let at: TextPlace = { chunk: 0, offset: 0, rows: 0 }
  for (const { start, end } of loaded.toSorted((a, b) => order(a.start, b.start))) {
    if (order(start, at) > 0) {
      if (start.offset !== 0) throw malformed('a stretch that begins at a chunk, or where one ends', start)
      runs.push({ start: at, endChunk: start.chunk })
    }
    if (order(start, at) < 0 || order(end, start) < 0 || end.chunk > chunks.length)
      throw malformed(`a stretch behind chunk ${at.chunk}, byte ${at.offset}`, start)
    at = end
  }
  if (at.chunk < chunks.length) runs.push({ start: at, endChunk: chunks.length })
  return runs
}

function order(a: Omit<TextPlace, 'rows'>, b: Omit<TextPlace, 'rows'>): number {
  return a.chunk - b.chunk || a.offset - b.offset
}

function malformed(expected: string, { chunk, offset }: Omit<TextPlace, 'rows'>): MalformedDataError {
  return new MalformedDataError({
    what: 'record of what a target has',
    offset,
    expected,
    found: `one from chunk ${chunk}, byte ${offset}`,
  })
}
