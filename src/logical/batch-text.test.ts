// Pieces of a batch: whole rows, every byte once, and never larger than asked for where that can be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { BatchText } from './batch-text.ts'

function textOf(chunks: readonly string[]): BatchText {
  const source = { getChunk: async (id: string) => Buffer.from(chunks[Number(id)] ?? '') }
  const described = chunks.map((text, at) => ({
    id: String(at),
    plainBytes: text.length,
    rows: text.split('\n').length - 1,
    rowHash: '',
  }))
  const rows = described.reduce((sum, chunk) => sum + chunk.rows, 0)
  return new BatchText(
    source,
    { start: { chunk: 0, offset: 0, rows: 0 }, chunks: described, rows },
    undefined,
  )
}

/** As the kernel cuts: a row that is longer than a chunk begins one and ends one. */
function chunksOf(cells: readonly string[], chunkBytes: number): string[] {
  return cells.flatMap((cell) => {
    const text = `${cell}\n`
    return Array.from({ length: Math.ceil(text.length / chunkBytes) }, (_, at) =>
      text.slice(at * chunkBytes, (at + 1) * chunkBytes),
    )
  })
}

async function read(text: BatchText, maxBytes: number) {
  const piece = text.piece(maxBytes)
  const parts: Buffer[] = []
  for await (const part of piece) parts.push(part)
  return { piece, content: Buffer.concat(parts).toString() }
}

async function pieces(chunks: readonly string[], maxBytes: number): Promise<string[]> {
  const text = textOf(chunks)
  const found: string[] = []
  while (!text.isTaken) {
    const { piece, content } = await read(text, maxBytes)
    text.take(piece)
    found.push(content)
  }
  return found
}

test('trap 19: a batch is cut at rows, in chunks and within them', async () => {
  const chunks = ['aa\nbb\ncc\n', 'dd\n', 'ee\nff\n']
  assert.deepEqual(await pieces(chunks, Number.POSITIVE_INFINITY), ['aa\nbb\ncc\ndd\nee\nff\n'])
  assert.deepEqual(await pieces(chunks, 12), ['aa\nbb\ncc\ndd\n', 'ee\nff\n'])
  assert.deepEqual(await pieces(chunks, 8), ['aa\nbb\n', 'cc\ndd\n', 'ee\nff\n'])
  assert.deepEqual(await pieces(chunks, 1), ['aa\n', 'bb\n', 'cc\n', 'dd\n', 'ee\n', 'ff\n'])
})

test('a row that spans chunks is a piece of its own where it is too long, and is never cut', async () => {
  const chunks = ['a\nb\n', 'long', 'long', 'er\n', 'c\n']
  assert.deepEqual(await pieces(chunks, 5), ['a\nb\n', 'longlonger\n', 'c\n'])
  assert.deepEqual(await pieces(chunks, 13), ['a\nb\n', 'longlonger\nc\n'])
})

test('a piece that was refused is asked for again and smaller', async () => {
  const text = textOf(['aa\nbb\n', 'cc\n'])
  const whole = await read(text, 100)
  assert.deepEqual([whole.content, whole.piece.rows, whole.piece.isOneRow], ['aa\nbb\ncc\n', 3, false])
  const half = await read(text, 4)
  assert.deepEqual([half.content, half.piece.rows, half.piece.isOneRow], ['aa\n', 1, true])
  text.take(half.piece)
  assert.equal((await read(text, 100)).content, 'bb\ncc\n')
  assert.equal((await read(text, 100)).content, 'bb\ncc\n')
})

test('a piece whose reader stops within its second row can still be cut', async () => {
  const piece = textOf(['a\n', 'long', 'er\n']).piece(100)
  const reader = piece[Symbol.asyncIterator]()
  await reader.next()
  assert.ok(piece.isOneRow)
  await reader.next()
  assert.ok(!piece.isOneRow)
})

test('pieces of any size hold every byte once, count their rows, and are too large only as one row', async () => {
  const rows = fc.array(fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 9 }), {
    minLength: 1,
    maxLength: 30,
  })
  const sizes = fc.integer({ min: 1, max: 40 })
  await fc.assert(
    fc.asyncProperty(rows, sizes, sizes, fc.boolean(), async (cells, chunkBytes, maxBytes, isJoined) => {
      const single = chunksOf(cells, chunkBytes)
      const chunks = isJoined ? [single.join('')] : single
      const text = textOf(chunks)
      const found: string[] = []
      while (!text.isTaken) {
        const { piece, content } = await read(text, maxBytes)
        assert.equal(piece.rows, content.split('\n').length - 1)
        assert.equal(piece.bytes, content.length)
        assert.ok(content.endsWith('\n'))
        assert.ok(content.length <= maxBytes || piece.rows === 1)
        text.take(piece)
        found.push(content)
      }
      assert.equal(found.join(''), chunks.join(''))
    }),
  )
})
