// Which folders of a server a copy of one directory would lack.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerVariables } from '../instance/server-variables.ts'
import { namedFolders } from './folders-elsewhere.ts'
import { isLogInside } from './snapshot/one-volume.ts'

test('only RocksDB has folders of its own in the data directory', () => {
  const values = new Map([
    ['innodb_doublewrite_dir', '/fast'],
    ['innodb_directories', './;/far'],
    ['rocksdb_datadir', './#rocksdb'],
    ['innodb_undo_directory', ''],
  ])
  assert.deepEqual(
    namedFolders((name) => values.get(name)).map(({ variable, folder, mayLie }) => [
      variable,
      folder,
      mayLie,
    ]),
    [
      ['innodb_doublewrite_dir', '/fast', 'at'],
      ['innodb_directories', './', 'at'],
      ['innodb_directories', '/far', 'at'],
      ['rocksdb_datadir', './#rocksdb', 'within'],
    ],
  )
})

for (const [index, isInside] of [
  ['/nowhere/data/binlog.index', true],
  ['./logs.index', true],
  ['', true],
  ['/nowhere/logs/binlog.index', false],
] as const) {
  test(`a binary log whose index is ${index || 'not said'} lies ${isInside ? 'inside' : 'elsewhere'}`, async () => {
    const variables = new ServerVariables(
      new Map([
        ['datadir', '/nowhere/data/'],
        ['log_bin', 'ON'],
        ['log_bin_basename', '/nowhere/data/binlog'],
        ['log_bin_index', index],
      ]),
    )
    assert.equal(await isLogInside(variables), isInside)
  })
}
