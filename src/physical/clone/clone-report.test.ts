import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoldfastEvent } from '../../core/events.ts'
import type { CloneEvent } from '../../wire/clone/clone-transfer.ts'
import { CloneReport } from './clone-report.ts'

function state(number: number, estimatedBytes: number): CloneEvent {
  const counts = { task: 0, chunks: 0, files: 0, estimatedDiskBytes: 0 }
  const flags = { isStart: true, isAcknowledgement: false }
  return { kind: 'state', state: { kind: 'state', state: number, ...counts, estimatedBytes, ...flags } }
}

function data(number: number, lengthBytes: number): CloneEvent {
  const place = { state: number, task: 0, chunk: 1, block: 1, fileIndex: 0, offset: 0, fileSizeBytes: 0 }
  return { kind: 'data', data: { kind: 'data', ...place, lengthBytes }, bytes: Buffer.alloc(lengthBytes) }
}

test('each state of a clone is a phase, measured by what its donor estimates where it does', () => {
  const events: HoldfastEvent[] = []
  const report = new CloneReport((event) => events.push(event))
  // A donor that goes on after a broken connection may begin a state twice.
  const sent = [state(2, 100), data(2, 60), state(2, 100), data(2, 50), state(3, 0), data(3, 16), state(5, 0)]
  for (const event of sent) report.add(event)
  const files = { type: 'progress', phase: 'receiving files', isEstimate: true, unit: 'bytes' }
  assert.deepEqual(events, [
    { type: 'phase', phase: 'receiving files' },
    { ...files, done: 60, total: 100 },
    { ...files, done: 110, total: 110 },
    { type: 'phase', phase: 'receiving changed pages' },
    { type: 'progress', phase: 'receiving changed pages', done: 16, unit: 'bytes' },
  ])
})
