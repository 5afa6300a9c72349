import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { HoldfastError } from '../core/errors.ts'
import type { HoldfastEvent } from '../core/events.ts'
import { NewCellBook } from '../physical/pour/cell-book.ts'
import { RememberedCells } from './remember-cells.ts'

const id = 'ab'.repeat(32)

async function readFailing(error: Error): Promise<{ bytes: Buffer | undefined; told: HoldfastEvent[] }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-remember-'))
  const told: HoldfastEvent[] = []
  const session = {
    canReadEarlier: true,
    holds: async () => true,
    readEarlier: async () => {
      throw error
    },
  }
  try {
    const book = new NewCellBook(path.join(folder, 'known-cells'), { before: undefined, canRead: true })
    using memory = new RememberedCells(session, undefined, book, (event) => told.push(event))
    await memory.read(id)
    return { bytes: await memory.read(id), told }
  } finally {
    await rm(folder, { recursive: true })
  }
}

for (const code of ['VERIFY_FAILED', 'WRONG_KEY', 'STORE_UNUSABLE'] as const) {
  test(`an earlier chunk that cannot be read for ${code} is told once, and spoils no backup`, async () => {
    const { bytes, told } = await readFailing(new HoldfastError(code, 'EIO: i/o error, read'))
    assert.equal(bytes, undefined)
    assert.equal(told.length, 1)
  })
}

test('what is no damage, such as an end that was asked for, ends the backup', async () => {
  const error = new HoldfastError('INTERRUPTED', 'stopped')
  await assert.rejects(readFailing(error), error)
})
