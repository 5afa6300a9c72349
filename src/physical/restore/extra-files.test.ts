import assert from 'node:assert/strict'
import { Stats } from 'node:fs'
import { test } from 'node:test'
import { classifyFile } from '../cold/classify-file.ts'
import type { FileContent } from '../content.ts'
import { type Directory, extraFiles } from './extra-files.ts'

const there = [
  'ibdata1',
  'auto.cnf',
  'server-key.pem',
  'mysqld.my',
  'component_keyring_file',
  'ib_buffer_pool',
  'host.err',
  'binlog.000007',
  'binlog.index',
  'notes.txt',
  'ibtmp1',
  '#ib_16384_0.dblwr',
  '#innodb_redo/#ib_redo7',
  'shop/orders.ibd',
  'shop/later.ibd',
  'shop/#sql-1_2.ibd',
  'gone/deep/t.ibd',
]

const keptOf = ['server-key.pem', 'mysqld.my', 'component_keyring_file', 'notes.txt']

const file = (path: string): FileContent => ({
  path,
  kind: 'other',
  sizeBytes: 0,
  mode: 0,
  cells: [],
  patches: [],
})

const content = { files: [file('ibdata1'), file('shop/orders.ibd')], folders: [{ path: 'empty', mode: 0 }] }

function extraIn(directory: Directory) {
  const files = there.map((path) => ({
    path,
    belonging: classifyFile(path, new Map()),
    stats: Object.create(Stats.prototype),
  }))
  const folders = ['#innodb_redo', 'shop', 'empty', 'gone', 'gone/deep']
  return extraFiles({ files, folders }, content, directory)
}

test('in place what a server makes goes, what nobody else has is set aside, and who the server is stays', () => {
  assert.deepEqual(extraIn({ isInPlace: true, isCleared: false }), {
    toRemove: [
      'ib_buffer_pool',
      'ibtmp1',
      '#ib_16384_0.dblwr',
      '#innodb_redo/#ib_redo7',
      'shop/later.ibd',
      'shop/#sql-1_2.ibd',
      'gone/deep/t.ibd',
    ],
    toSetAside: ['binlog.000007', 'binlog.index', 'notes.txt'],
    folders: ['gone/deep', 'gone', '#innodb_redo'],
  })
})

test('binary logs that came after that are of the server that recovered the files', () => {
  const { toRemove, toSetAside } = extraIn({ isInPlace: true, isCleared: true })
  assert.deepEqual(toSetAside, ['notes.txt'])
  assert.ok(toRemove.includes('binlog.000007'))
  assert.ok(!toRemove.includes('auto.cnf') && !toRemove.includes('host.err'))
})

test('where there was nothing before, what was added for the server to start stays, and unknown files are kept', () => {
  const { toRemove, toSetAside, folders } = extraIn({ isInPlace: false, isCleared: false })
  assert.deepEqual(
    toRemove,
    there.filter((path) => !content.files.some((each) => each.path === path) && !keptOf.includes(path)),
  )
  assert.deepEqual(toSetAside, ['notes.txt'])
  assert.deepEqual(folders, ['gone/deep', 'gone', '#innodb_redo'])
})
