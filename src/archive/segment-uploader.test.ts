import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fixtureEvents } from '../../test/support/binlog-fixtures.ts'
import { encryptedSource } from '../../test/support/encrypted-source.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { SegmentIndex } from '../core/segment-index.ts'
import { firstState } from './resume-state.ts'
import { SegmentUploader } from './segment-uploader.ts'
import { Spool } from './spool.ts'
import type { SpoolSegment } from './spool-segment.ts'

const state = firstState('0001-test', { source: { flavour: 'mysql', serverId: 1 }, serverVersion: '9.7.4' })

/** A spool with one sealed segment of the first `count` events of a file, as an archiver leaves it when it dies before the put. */
async function spoolWith(
  context: TestContext,
  count: number,
): Promise<{ spool: Spool; segment: SpoolSegment; index: SegmentIndex }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-spool-'))
  context.after(() => rm(folder, { recursive: true }))
  const spool = new Spool(folder)
  await spool.record(state)
  const segment = spool.segment(state, 'binlog.000001')
  for (const event of fixtureEvents('mysql-9.7-shop').slice(0, count)) segment.append(event, 1000)
  await segment.flush()
  await segment.close()
  const { index, next } = segment.builder.seal()
  await spool.recordSealed(index, next)
  return { spool, segment, index }
}

async function recovered(spool: Spool): Promise<{ segment: SpoolSegment; index: SegmentIndex }> {
  const sealed = await spool.sealed(state)
  assert.ok(sealed !== undefined)
  return sealed
}

for (const role of ['writer', 'reader'] as const) {
  test(`a segment that was put just before a crash is put again and taken for done (${role})`, async (context) => {
    const source = (await encryptedSource())[role]
    const { spool, index, segment } = await spoolWith(context, 20)
    await spool.markPut(1)
    await source.putSegment('0001-test', 1, { index, data: segment.data() })
    const again = await recovered(spool)
    assert.equal(again.index.chain, index.chain)
    const put: number[] = []
    const uploader = new SegmentUploader(source, spool, ({ seq }) => put.push(seq))
    uploader.add(again, state)
    await uploader.drain()
    assert.deepEqual(put, [1])
    assert.deepEqual(await readdir(spool.folder), ['0000000000000002.json'])
  })

  test(`a number that another archiver has taken stops this one, every time, and its spool stays (${role})`, async (context) => {
    const source = (await encryptedSource())[role]
    const other = await spoolWith(context, 10)
    await source.putSegment('0001-test', 1, { index: other.index, data: other.segment.data() })
    const { spool } = await spoolWith(context, 20)
    for (let run = 0; run < 2; run++) {
      const sealed = await recovered(spool)
      const uploader = new SegmentUploader(source, spool, () => assert.fail('it was put'))
      uploader.add(sealed, state)
      await assert.rejects(uploader.drain(), (error) => isHoldfastError(error, 'REPOSITORY_LOCKED'))
      assert.throws(() => uploader.throwIfFailed())
      assert.ok((await readdir(spool.folder)).includes('0000000000000001@0@binlog.000001'))
    }
  })
}

test('a segment whose bytes are no longer those it was sealed with is not put', async (context) => {
  const source = (await encryptedSource()).reader
  const { spool, segment, index } = await spoolWith(context, 20)
  const { size } = await stat(segment.dataPath)
  await truncate(segment.dataPath, size - 31)
  const uploader = new SegmentUploader(source, spool, () => assert.fail('it was put'))
  uploader.add({ segment, index }, state)
  await assert.rejects(uploader.drain(), (error) => isHoldfastError(error, 'FAILED'))
  assert.deepEqual(await source.listSegments(), [])
})

test('after a failed write a segment of the spool never becomes durable any more', async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-spool-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const segment = new Spool(folder).segment(state, 'binlog.000001')
  for (const event of fixtureEvents('mysql-9.7-shop').slice(0, 5)) segment.append(event, 1000)
  await rm(folder, { recursive: true })
  await assert.rejects(segment.flush())
  await mkdir(folder)
  await assert.rejects(segment.flush())
})
