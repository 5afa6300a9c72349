import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../core/errors.ts'
import type { GtidState } from '../core/recovery-point.ts'
import type { ArchivedTransaction } from './apply/replay-failure.ts'
import { pendingTransactions, type Resumption } from './pending-transactions.ts'

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

async function* archived(gtids: readonly string[]): AsyncGenerator<ArchivedTransaction> {
  for (const gtid of gtids) {
    // Only the GTID is looked at.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    yield { file: 'binlog.000001', transaction: { group: { gtid } } } as ArchivedTransaction
  }
}

async function pending(
  gtids: readonly string[],
  resumption?: Resumption,
  skip: readonly string[] = [],
): Promise<string[]> {
  const skipped = skip.map((gtid) => ({ gtid, file: '', start: 0, end: 0, timeMicros: 0 }))
  const left: string[] = []
  for await (const { transaction } of pendingTransactions(archived(gtids), { skip: skipped }, resumption)) {
    left.push(transaction.group.gtid ?? '')
  }
  return left
}

const mariadb = (text: string): GtidState => ({ flavour: 'mariadb', text })
const mysql = (text: string): GtidState => ({ flavour: 'mysql', text })

test('without an earlier run everything is applied but what is skipped', async () => {
  assert.deepEqual(await pending(['0-1-1', '0-1-2', '0-1-3'], undefined, ['0-1-2']), ['0-1-1', '0-1-3'])
})

test('MySQL goes on with what is not in its set, whatever the order', async () => {
  const resumption = { base: mysql(''), executed: mysql(`${uuid}:1:3`) }
  assert.deepEqual(
    await pending(
      [1, 3, 2, 4].map((n) => `${uuid}:${n}`),
      resumption,
    ),
    [`${uuid}:2`, `${uuid}:4`],
  )
})

test('MariaDB goes on behind the very GTID of each domain, even where numbers run downwards', async () => {
  const resumption = { base: mariadb('0-1-10,5-1-7'), executed: mariadb('0-2-3,5-1-7') }
  const gtids = ['0-1-11', '5-1-8', '0-1-12', '0-2-2', '0-2-3', '0-2-4', '5-1-9']
  assert.deepEqual(await pending(gtids, resumption), ['5-1-8', '0-2-4', '5-1-9'])
})

test('a target that executed what the archive does not hold is not taken for an earlier run', async () => {
  const resumption = { base: mariadb('0-1-10'), executed: mariadb('0-9-11') }
  await assert.rejects(pending(['0-1-11', '0-1-12'], resumption), (error) => {
    return isHoldfastError(error, 'ARCHIVE_DIVERGED') && error.message.includes('0-9-11')
  })
})
