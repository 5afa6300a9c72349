// The point of a snapshot, out of what the server said and what its log in the snapshot has.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../core/errors.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { snapshotPoint } from './snapshot-point.ts'
import type { Moment } from './take-snapshot.ts'

function at(file: string, offset: number): RecoveryPoint {
  return { position: { file, offset }, timeMicros: 1 }
}

function gtids(numbers: string) {
  return { flavour: 'mysql', text: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${numbers}` } as const
}

const said = at('binlog.000007', 1000)
const moments: readonly Moment[] = [
  { kind: 'free', areDefinitionsHeld: false, before: said, after: at('binlog.000007', 3000) },
  { kind: 'still', point: said, rung: 'backup-stage', heldMs: 1 },
]

for (const moment of moments) {
  test(`a log in a snapshot that ends before what the server said is damaged (${moment.kind})`, () => {
    assert.throws(
      () => snapshotPoint(moment, at('binlog.000007', 999)),
      (error) => isHoldfastError(error, 'FAILED') && /ends at 999 of binlog\.000007/.test(error.message),
    )
    assert.throws(() => snapshotPoint(moment, at('binlog.000006', 9999)), /ends at 9999 of binlog\.000006/)
    for (const end of [said, at('binlog.000007', 2000)]) assert.doesNotThrow(() => snapshotPoint(moment, end))
  })
}

test('a log in a snapshot that goes on behind what the server said afterwards is not that of the server', () => {
  const after = at('binlog.000009', 3000)
  const moment: Moment = { kind: 'free', areDefinitionsHeld: false, before: said, after }
  for (const end of [at('binlog.000008', 9999), after]) assert.doesNotThrow(() => snapshotPoint(moment, end))
  for (const end of [at('binlog.000009', 3001), at('binlog.000010', 4)])
    assert.throws(() => snapshotPoint(moment, end), /was only at 3000 of binlog\.000009/)
})

test('without a lock the end of the log is the point, with what the log does not tell, and no earlier than it was', () => {
  const moment: Moment = {
    kind: 'free',
    areDefinitionsHeld: false,
    before: { ...at('binlog.000002', 400), gtid: gtids('1-20') },
    after: { ...at('binlog.000002', 900), gtid: gtids('1-40'), timeMicros: 30 },
  }
  const end = { ...at('binlog.000002', 600), gtid: gtids('15-30') }
  const position = { file: 'binlog.000002', offset: 600 }
  assert.deepEqual(snapshotPoint(moment, end), { position, gtid: gtids('1-30'), timeMicros: 30 })
})
