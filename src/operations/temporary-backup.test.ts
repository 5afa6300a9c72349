import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BackupResult } from '../core/backup.ts'
import { TemporaryBackup } from './temporary-backup.ts'

const result: BackupResult = {
  kind: 'logical',
  method: 'dump',
  origin: { flavour: 'mysql', serverVersion: '9.7.0', serverId: 1 },
  point: { timeMicros: 0 },
  content: {},
  objects: [{ name: 'a', chunks: [] }],
  isPartial: false,
  warnings: [],
}

test('chunks put at once come back each as it was, from a file that no folder shows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  await using backup = await TemporaryBackup.create(folder)
  assert.deepEqual(await readdir(folder), [])
  const chunks = ['one', 'two', '', 'one', 'x'.repeat(100_000)].map((text) => Buffer.from(text))
  const ids = await Promise.all(chunks.map((chunk) => backup.putChunk(chunk)))
  assert.equal(ids[0], ids[3])
  const source = backup.source(result)
  for (const [at, id] of ids.entries()) assert.deepEqual(await source.getChunk(id), chunks[at])
  await assert.rejects(source.getChunk('00'), { code: 'VERIFY_FAILED' })
  await assert.rejects(source.object('b'), { code: 'VERIFY_FAILED' })
  await rm(folder, { recursive: true })
})
