import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isEnough, type Room } from './memory-room.ts'

const room: Room = {
  type: 0x01021994,
  freeBytes: 12 * 2 ** 30,
  memoryBytes: 20 * 2 ** 30,
  mountOptions: ['rw', 'nosuid', 'relatime'],
}

test('tests work in memory where there is plenty', () => {
  assert.equal(isEnough(room), true)
})

for (const [what, facts] of [
  ['a disk', { type: 0xef53 }],
  ['64 MiB, as containers have it', { freeBytes: 64 * 2 ** 20 }],
  ['a file system that is larger than what is left of the memory', { memoryBytes: 8 * 2 ** 30 }],
  ['one that starts no programs', { mountOptions: ['rw', 'noexec'] }],
  ['one that is not mounted', { mountOptions: [] }],
] as const) {
  test(`tests do not work in ${what}`, () => {
    assert.equal(isEnough({ ...room, ...facts }), false)
  })
}
