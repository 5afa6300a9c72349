import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { CloneProgress } from './clone-progress.ts'
import type { DataDescriptor, FileDescriptor, StateDescriptor } from './descriptor.ts'
import type { CloneLocator } from './locator.ts'

const locator: CloneLocator = { cloneId: 1n, snapshotId: 2n, index: 0, state: 1, hasFiles: false }

function state(number: number, { chunks = 0, files = 0 } = {}): StateDescriptor {
  return {
    kind: 'state',
    state: number,
    task: 0,
    chunks,
    files,
    estimatedBytes: 0,
    estimatedDiskBytes: 0,
    isStart: true,
    isAcknowledgement: false,
  }
}

function data(chunk: number, block: number, number = 2): DataDescriptor {
  return {
    kind: 'data',
    state: number,
    task: 0,
    chunk,
    block,
    fileIndex: 0,
    lengthBytes: 1,
    offset: 0,
    fileSizeBytes: 1,
  }
}

function file(index: number, change: Partial<FileDescriptor> = {}): FileDescriptor {
  return {
    kind: 'file',
    state: 2,
    sizeBytes: 1,
    allocatedBytes: 1,
    fspFlags: 0,
    fsBlockBytes: 4096,
    isPageCompressed: false,
    isEncrypted: false,
    isRenamed: false,
    isDeleted: false,
    spaceId: index,
    index,
    firstChunk: index + 1,
    lastChunk: index + 1,
    name: `./a/${index}.ibd`,
    ...change,
  }
}

/** What a donor would be asked for: chunks it need not send, and those it sends from a block on. */
function resumed(progress: CloneProgress): {
  have: number[]
  partial: [number, number][]
  hasFiles: boolean
} {
  const [{ hasFiles }, chunks] = progress.resumeFrom(locator)
  assert(chunks !== undefined)
  const have = [...chunks.bits].flatMap((word, index) =>
    Array.from({ length: 32 }, (_, bit) => bit).flatMap((bit) =>
      ((word >>> bit) & 1) === 1 ? [index * 32 + bit + 1] : [],
    ),
  )
  return { have, partial: [...chunks.partial], hasFiles }
}

function malformed(run: () => void, message: RegExp): void {
  assert.throws(run, (error) => error instanceof MalformedDataError && message.test(error.message))
}

test('a clone that breaks before its first state goes on as it began', () => {
  assert.deepEqual(new CloneProgress().resumeFrom(locator), [locator, undefined])
})

test('a clone that breaks within a chunk asks for the rest of that chunk and for those that did not come', () => {
  const progress = new CloneProgress()
  progress.begin(state(2, { chunks: 40, files: 2 }))
  progress.addData(data(1, 1))
  progress.addData(data(1, 2))
  progress.addData(data(33, 1))
  progress.addData(data(33, 2))
  assert.deepEqual(resumed(progress), { have: [1, 33], partial: [[33, 2]], hasFiles: false })
})

test('a chunk stays one in part until more of it comes, however often the connection breaks', () => {
  const progress = new CloneProgress()
  progress.begin(state(2, { chunks: 40, files: 2 }))
  progress.addData(data(5, 3))
  assert.deepEqual(resumed(progress).partial, [[5, 3]])
  progress.addData(data(6, 1))
  assert.deepEqual(resumed(progress).partial, [
    [5, 3],
    [6, 1],
  ])
  progress.addData(data(5, 4))
  progress.addData(data(7, 1))
  assert.deepEqual(resumed(progress).partial, [
    [6, 1],
    [7, 1],
  ])
})

test('files are asked for again until the last of them has come', () => {
  const progress = new CloneProgress()
  progress.begin(state(2, { chunks: 2, files: 2 }))
  progress.addFile(file(0))
  assert.equal(resumed(progress).hasFiles, false)
  progress.addFile(file(1))
  assert.equal(resumed(progress).hasFiles, true)
})

test('no chunk of a dropped file is waited for, though its donor names only the one it had come to', () => {
  const progress = new CloneProgress()
  progress.begin(state(2, { chunks: 4, files: 3 }))
  progress.addFile(file(1, { firstChunk: 2, lastChunk: 3 }))
  progress.addData(data(1, 1))
  progress.addData(data(4, 1))
  malformed(() => progress.end(state(2)), /none of chunk 2/)
  progress.addFile(file(1, { isDeleted: true, firstChunk: 2, lastChunk: 0 }))
  progress.end(state(2))
})

test('states come one after the other, and a donor may begin the last one again', () => {
  const progress = new CloneProgress()
  malformed(() => progress.begin(state(3)), /expected state 2, found state 3/)
  progress.begin(state(2))
  progress.begin(state(2))
  malformed(() => progress.end(state(3)), /of state 3/)
  malformed(() => progress.addData(data(1, 1, 3)), /data of state 2/)
  progress.begin(state(3))
  malformed(() => progress.begin(state(2)), /found state 2/)
  progress.begin(state(4))
  assert.equal(progress.isDone, false)
  progress.begin(state(5))
  assert.equal(progress.isDone, true)
})

test('chunks that a state cannot have are malformed, and never allocated for', () => {
  const progress = new CloneProgress()
  malformed(() => progress.begin(state(2, { chunks: 0xffff_ffff })), /at most 16777216 chunks/)
  progress.begin(state(2, { chunks: 3 }))
  malformed(() => progress.addData(data(0, 1)), /a chunk from 1 to 3, found 0/)
  malformed(() => progress.addData(data(4, 1)), /found 4/)
  progress.addFile(file(1, { firstChunk: 2, lastChunk: 0xffff_ffff }))
  malformed(() => progress.addFile(file(1, { isDeleted: true })), /found 4/)
})
