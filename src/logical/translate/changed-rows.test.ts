import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addRowHashes } from '../../bytes/kernel/row-hash.ts'
import type { BackupSource } from '../../core/backup.ts'
import { ChangedRows } from './changed-rows.ts'

const still = '2106-02-07 06:28:15.999999'

/** A backup with one object, whose text is cut into chunks of any length. */
function backupOf(text: string, chunkBytes: number): BackupSource {
  const bytes = Buffer.from(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, at) =>
    bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes),
  )
  return {
    content: undefined,
    origin: { flavour: 'mariadb', serverVersion: '11.8.3', serverId: 1 },
    point: { timeMicros: 0 },
    objectNames: () => ['t'],
    object: async (name) => ({
      name,
      chunks: pieces.map((piece, at) => ({ id: String(at), plainBytes: piece.length, rows: 0, rowHash: '' })),
    }),
    getChunk: async (id) => pieces[Number(id)] ?? Buffer.alloc(0),
  }
}

const text = [
  `1\tone\\n\t2020-01-01\t${still}`,
  '1\tzero\t2019-01-01\t2020-01-01',
  `2\t\\N\t2020-01-01\t${still}`,
  '',
].join('\n')

async function read(
  rows: ChangedRows,
): Promise<{ readonly text: string; readonly rows: number; readonly hash: string }> {
  const { chunks } = await rows.object('t')
  const parts = await Promise.all(chunks.map(async ({ id }) => (await rows.getChunk(id)).toString()))
  return {
    text: parts.join(''),
    rows: chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
    hash: chunks.map(({ rowHash }) => rowHash).reduce(addRowHashes),
  }
}

test('the rows that hold go on without the columns that say so, wherever the text is cut', async () => {
  const whole = await read(new ChangedRows(backupOf(text, 1000), new Map([['t', { kind: 'current-only' }]])))
  assert.equal(whole.text, '1\tone\\n\n2\t\\N\n')
  assert.equal(whole.rows, 2)
  for (const chunkBytes of [1, 7, 40]) {
    const cut = await read(
      new ChangedRows(backupOf(text, chunkBytes), new Map([['t', { kind: 'current-only' }]])),
    )
    assert.deepEqual(cut, whole)
  }
})

test('the end of time is that of the target, and rows of the past are as they were', async () => {
  const to = '2038-01-19 03:14:07.999999'
  const { text: changed } = await read(
    new ChangedRows(backupOf(text, 11), new Map([['t', { kind: 'end-of-time', to }]])),
  )
  assert.equal(changed, text.replaceAll(still, to))
})

test('text that ends within a row is refused', async () => {
  const rows = new ChangedRows(backupOf(text.slice(0, -1), 1000), new Map([['t', { kind: 'current-only' }]]))
  await assert.rejects(rows.object('t'), /end within one/)
})
