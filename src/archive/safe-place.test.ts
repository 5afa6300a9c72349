import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BinlogPosition } from '../core/recovery-point.ts'
import { firstState } from './resume-state.ts'
import { safePlace } from './safe-place.ts'
import type { EndOfPut } from './segment-uploader.ts'

const state = firstState('0002-new', { source: { flavour: 'mysql', serverId: 2 }, serverVersion: '9.7.4' })

const nothing = async (): Promise<void> => undefined

function repositoryPlace(position: BinlogPosition | undefined, putUntil: EndOfPut | undefined) {
  const uploader = { isIdle: true, putUntil, drain: async () => undefined, settle: async () => undefined }
  let wakes = 0
  const archiver = { state, position, flush: nothing, seal: nothing, sealIfWhole: nothing }
  const place = safePlace('repository', archiver, uploader, () => wakes++)
  return { place, uploader, wakes: () => wakes }
}

test('what was put of the server before is no place in the files of this one', async () => {
  const old = { timeline: '0001-old', file: 'binlog.000123', offset: 500 }
  const { place, uploader } = repositoryPlace(undefined, old)
  await place.prepare()
  assert.equal(await place.reach(true), undefined)
  uploader.putUntil = { timeline: '0002-new', file: 'binlog.000007', offset: 900 }
  assert.deepEqual(await place.reach(true), uploader.putUntil)
})

test('a transaction of which a part has come wakes nobody, so that the rest can come', async () => {
  const { place, wakes } = repositoryPlace({ file: 'binlog.000001', offset: 4 }, undefined)
  await place.prepare()
  await place.reach(true)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(wakes(), 0)
})
