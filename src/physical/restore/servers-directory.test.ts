import assert from 'node:assert/strict'
import { Stats } from 'node:fs'
import { test } from 'node:test'
import { isHoldfastError } from '../../core/errors.ts'
import { classifyFile } from '../cold/classify-file.ts'
import { requireServersDirectory } from './servers-directory.ts'

function filesAt(paths: readonly string[]) {
  return paths.map((path) => ({
    path,
    belonging: classifyFile(path, new Map()),
    stats: Object.create(Stats.prototype),
  }))
}

const servers: readonly (readonly string[])[] = [
  ['ibdata1', 'auto.cnf', 'notes.txt'],
  ['mysql.ibd', 'shop/orders.ibd', 'undo_001'],
  // A table may be called mysql.
  ['ibdata1', 'auto.cnf', 'shop/mysql.ibd'],
  // MariaDB that lost its system tablespace.
  ['aria_log_control', 'mysql/global_priv.frm', 'shop/orders.ibd'],
  ['#innodb_redo/#ib_redo7', 'mysql/general_log.CSM'],
]

for (const paths of servers) {
  test(`a damaged directory of a server is known by ${paths.join(', ')}`, () => {
    requireServersDirectory('/data', filesAt(paths))
  })
}

const others: readonly (readonly [readonly string[], RegExp])[] = [
  [
    ['mysql/ibdata1', 'mysql/mysql/user.frm', 'mysql/auto.cnf'],
    /\/data is not .+ \(\/data\/mysql may be one\)/,
  ],
  [['ibdata1', '.ssh/id', 'letter'], /is not the data directory/],
  [['mysql/letter', 'auto.cnf'], /is not the data directory/],
  [
    ['ibdata1', 'auto.cnf', 'second/ibdata1', 'second/d/t.ibd'],
    /another server's files in it, second\/ibdata1/,
  ],
]

for (const [paths, says] of others) {
  test(`nothing is written over ${paths.join(', ')}`, () => {
    assert.throws(
      () => requireServersDirectory('/data', filesAt(paths)),
      (error) => isHoldfastError(error, 'TARGET_NOT_EMPTY') && says.test(error.message),
    )
  })
}
