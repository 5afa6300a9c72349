import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as fc from 'fast-check'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { DeltaColumn } from './delta-column.ts'
import { DeltaList, encodeDeltas } from './delta-list.ts'

const delta = fc.record({
  blocks: fc.integer({ min: 1, max: 0xffff }),
  isXor: fc.boolean(),
  id: fc.nat(1000).map((number) => number.toString(16).padStart(64, '0')),
})

test('any deltas of any cells read back, whatever was replaced, deleted and cut off before', () => {
  const cell = fc.oneof(fc.nat(70), fc.nat(5_000_000))
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, delta), { maxLength: 60 }),
      fc.array(cell, { maxLength: 20 }),
      fc.option(cell),
      (set, deleted, end) => {
        const column = new DeltaColumn()
        const model = new Map(set)
        for (const [cell, each] of set) column.set(cell, each)
        for (const each of deleted) {
          column.delete(each)
          model.delete(each)
        }
        if (end !== null) column.truncate(end)
        const wanted = [...model]
          .filter(([cell]) => end === null || cell < end)
          .map(([cell, each]) => ({ cell, ...each }))
          .toSorted((a, b) => a.cell - b.cell)
        assert.deepEqual([...column.entries()], wanted)
        const list = new DeltaList(encodeDeltas(column.entries(), column.count), 't.ibd')
        assert.equal(list.count, wanted.length)
        for (const [at, { id: _, ...mark }] of wanted.entries()) {
          assert.deepEqual(list.at(at), mark)
          assert.equal(list.find(mark.cell), at)
          assert.equal(list.find(mark.cell + 1), wanted[at + 1]?.cell === mark.cell + 1 ? at + 1 : undefined)
        }
      },
    ),
  )
})

const records = (hex: string): string => Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('base64')
const good = '00000000 0100 00'

for (const [what, text] of [
  ['ends within a record', records(`${good} 01000000 01`)],
  ['is no base64', `!${records(good)}`],
  ['has a cell twice', records(`${good} ${good}`)],
  ['has cells out of order', records(`02000000 0100 00 ${good}`)],
  ['has a delta of no blocks', records('00000000 0000 00')],
  ['has a delta that is neither blocks nor a difference', records('00000000 0100 02')],
] as const) {
  test(`a list of deltas that ${what} is refused`, () => {
    assert.throws(() => new DeltaList(text, 't.ibd'), MalformedDataError)
  })
}

test('a list of deltas is as it is written down', () => {
  const list = new DeltaList(records(`${good} 070a0000 0180 01`), 't.ibd')
  assert.equal(list.count, 2)
  assert.deepEqual(list.at(0), { cell: 0, blocks: 1, isXor: false })
  assert.deepEqual(list.at(1), { cell: 2567, blocks: 0x8001, isXor: true })
})

test('what is told of a file of 60 GiB of which every cell has changed fits into 40 MiB of heap and 25 MiB beside it', async () => {
  const worker = new Worker(new URL('../../../test/support/many-deltas.ts', import.meta.url), {
    // Out of memory, the worker ends with an error.
    resourceLimits: { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: 8 },
  })
  const bytesBeside = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await worker.terminate()
  assert(bytesBeside < 25 * 1024 * 1024, `${Math.round(bytesBeside / 1024 / 1024)} MiB of buffers`)
})
