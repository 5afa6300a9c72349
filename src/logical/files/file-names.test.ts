import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FileNames } from './file-names.ts'

const take = (...names: string[]) => {
  const files = new FileNames(['SHA256SUMS'])
  return names.map((name) => files.take(name))
}

test('ordinary names are file names as they are', () => {
  assert.deepEqual(take('orders', 'Order_items2', 'a-b'), ['orders', 'Order_items2', 'a-b'])
})

test('what means something to a file system, a shell or mysqlimport is written in hex', () => {
  assert.deepEqual(take('t.1', 'a/b', '..', '-rf', 'é', '%', '$x\n', ''), [
    't%2e1',
    'a%2fb',
    '%2e%2e',
    '%2drf',
    '%c3%a9',
    '%25',
    '%24x%0a',
    '',
  ])
})

test('names of devices on Windows are hidden', () => {
  assert.deepEqual(take('con', 'LPT1', 'cons'), ['%63on', '%4cPT1', 'cons'])
})

test('names that differ in case only, or from a file of ours, get a hash', () => {
  const [one, other, sums] = take('Shop', 'shop', 'sha256sums')
  assert.equal(one, 'Shop')
  assert.match(other ?? '', /^shop~[0-9a-f]{12}$/)
  assert.match(sums ?? '', /^sha256sums~[0-9a-f]{12}$/)
})

test('any two names are two files, also without regard to case, and of a length that every file system takes', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'A', '~', '%', '2', 'e', '.', 'é', '😀'),
    maxLength: 64,
  })
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 50 }), (names) => {
      const files = take(...names)
      assert.equal(new Set(files.map((file) => file.toLowerCase())).size, names.length)
      for (const file of files) assert.match(file, /^(?![-.])[\w%~-]{0,113}$/)
    }),
  )
})
