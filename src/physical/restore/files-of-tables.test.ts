import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileContent } from '../content.ts'
import { filesOfTables } from './files-of-tables.ts'

const paths = [
  'ibdata1',
  'undo_001',
  'mysql.ibd',
  'common.ibd',
  'mysql/user.MYD',
  'shop/db.opt',
  'shop/orders.ibd',
  'shop/orders.frm',
  'shop/fresh.new',
  'shop/Notes.MYD',
  'shop/notes.MYI',
  'shop/parts#P#p0#SP#s1.ibd',
  'shop/parts#p#p1.ibd',
  'shop/odd@002dname.ibd',
  'shop/fts_0000000000000429_being_deleted.ibd',
  'shop/all.MRG',
  'other/orders.ibd',
]

const files = paths.map(
  (path): FileContent => ({ path, kind: 'other', sizeBytes: 0, mode: 0, cells: [], patches: [] }),
)

function left(...names: readonly string[]): readonly string[] | undefined {
  const tables = names.map((text) => ({ schema: text.split('.')[0] ?? '', name: text.split('.')[1] ?? '' }))
  const kept = filesOfTables(files, tables)?.map(({ path }) => path)
  return kept && paths.filter((path) => !kept.includes(path))
}

test('only rows of other tables are left out', () => {
  const rows = /^(?:shop|other)\/(?!fts_).*\.(?:ibd|new|MYD|MYI)$/
  const all = paths.filter((path) => rows.test(path))
  assert.deepEqual(
    left('shop.orders'),
    all.filter((path) => path !== 'shop/orders.ibd'),
  )
  assert.deepEqual(
    left('shop.parts', 'shop.notes', 'shop.odd-name', 'shop.fresh'),
    ['shop/orders.ibd', 'other/orders.ibd'],
    'partitions, both cases of a name, and characters that files write otherwise',
  )
})

test('what mariadb-backup saw renamed has another name than its table', () => {
  const renamed = { ...files[0]!, path: 'shop/orders.ren' }
  assert.notEqual(filesOfTables(files, [{ schema: 'shop', name: 'orders' }]), undefined)
  assert.equal(filesOfTables([...files, renamed], [{ schema: 'shop', name: 'orders' }]), undefined)
})

test('where a table has no file of its own, or is made of others, all files are needed', () => {
  assert.equal(left('shop.orders', 'shop.a_view'), undefined)
  assert.equal(left('shop.all'), undefined)
  assert.equal(left('shop.größe'), undefined)
})
