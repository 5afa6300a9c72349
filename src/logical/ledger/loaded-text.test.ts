// What is left of a text of which any pieces are loaded already.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { BatchText } from '../batch-text.ts'
import { loadBatches } from '../load-batches.ts'
import { type LoadedText, textLeft } from './loaded-text.ts'

function describe(texts: readonly string[]) {
  return texts.map((text, at) => ({
    id: String(at),
    plainBytes: text.length,
    rows: text.split('\n').length - 1,
    rowHash: '',
  }))
}

interface Piece {
  readonly content: string
  readonly text: LoadedText
}

/** All that is left, as a loader takes it: in statements of `batchBytes`, cut where a target takes `pieceBytes`. */
async function piecesLeft(
  texts: readonly string[],
  loaded: readonly LoadedText[],
  { batchBytes, pieceBytes }: { readonly batchBytes: number; readonly pieceBytes: number },
): Promise<readonly (readonly Piece[])[]> {
  const source = { getChunk: async (id: string) => Buffer.from(texts[Number(id)] ?? '') }
  const batches: Piece[][] = []
  for (const batch of loadBatches(describe(texts), loaded, batchBytes)) {
    const pieces: Piece[] = []
    const text = new BatchText(source, batch, undefined)
    while (!text.isTaken) {
      const piece = text.piece(pieceBytes)
      const parts: Buffer[] = []
      for await (const part of piece) parts.push(part)
      text.take(piece)
      const content = Buffer.concat(parts).toString()
      pieces.push({ content, text: { ...piece.bounds, rows: piece.rows, isExact: true } })
    }
    assert.equal(
      pieces.reduce((sum, piece) => sum + piece.text.rows, 0),
      batch.rows,
    )
    batches.push(pieces)
  }
  return batches
}

test('a load that is cut off again and again, and cut otherwise each time, takes every row once', async () => {
  const cell = fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 12 })
  const sizes = fc.record({
    batchBytes: fc.integer({ min: 1, max: 60 }),
    pieceBytes: fc.integer({ min: 1, max: 40 }),
    // How many pieces of each batch are committed before the run is killed.
    kept: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 8 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(cell, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(sizes, { maxLength: 4 }),
      fc.boolean(),
      async (cells, chunkBytes, runs, isLong) => {
        const rows = cells.map((text, at) => `${at}:${text}\n`)
        const texts = chunksOf(rows, chunkBytes, isLong)
        const loaded: LoadedText[] = []
        const there: string[] = []
        for (const run of [...runs, { batchBytes: 50, pieceBytes: 20, kept: [Number.POSITIVE_INFINITY] }]) {
          const batches = await piecesLeft(texts, loaded, run)
          for (const [at, pieces] of batches.entries()) {
            for (const { content, text } of pieces.slice(0, run.kept[at % run.kept.length])) {
              loaded.push(text)
              there.push(content)
            }
          }
        }
        assert.deepEqual(there.join('').split('\n').toSorted(), rows.join('').split('\n').toSorted())
        assert.deepEqual(textLeft(describe(texts), loaded), [])
      },
    ),
  )
})

/** Whole rows in a chunk, or a row in several where it is longer. */
function chunksOf(rows: readonly string[], chunkBytes: number, isLong: boolean): string[] {
  if (isLong) {
    return rows.flatMap((row) =>
      Array.from({ length: Math.ceil(row.length / chunkBytes) }, (_, at) =>
        row.slice(at * chunkBytes, (at + 1) * chunkBytes),
      ),
    )
  }
  const chunks = ['']
  for (const row of rows) {
    const last = chunks.at(-1) ?? ''
    if (last.length >= chunkBytes) chunks.push(row)
    else chunks[chunks.length - 1] = `${last}${row}`
  }
  return chunks
}

function at(chunk: number, offset: number, endChunk: number, endOffset: number): LoadedText {
  const end = { chunk: endChunk, offset: endOffset, rows: 0 }
  return { start: { chunk, offset }, end, rows: 1, isExact: true }
}

test('records that overlap, or speak of chunks that are not there, are not believed', () => {
  const chunks = describe(['a\nb\n', 'c\n'])
  assert.deepEqual(textLeft(chunks, [at(1, 0, 2, 0)]), [
    { start: { chunk: 0, offset: 0, rows: 0 }, endChunk: 1 },
  ])
  for (const loaded of [
    [at(0, 0, 1, 0), at(0, 2, 1, 0)],
    [at(0, 2, 1, 0)],
    [at(0, 0, 3, 0)],
    [at(1, 0, 0, 0)],
  ]) {
    assert.throws(() => textLeft(chunks, loaded), { name: 'MalformedDataError' })
  }
})
