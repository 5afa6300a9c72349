// What mariadb-backup said, in its own words, and what is told of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { explainFailure, type FailureFacts } from './explain-failure.ts'

const mib = 1024 * 1024
const short =
  '[00] 2026-11-23 19:22:38 Was only able to copy log from 5640932 to 5646958, not 9646958; try increasing innodb_log_file_size'

const failures: readonly (readonly [string, string, ErrorCode, RegExp, RegExp, FailureFacts?])[] = [
  [
    'more is missing than the log holds',
    short,
    'FAILED',
    /wrote over 4000000 bytes of its redo log/,
    /Raise innodb_log_file_size/,
    { logBytes: 2 * mib },
  ],
  [
    'less is missing than the log holds',
    short,
    'FAILED',
    /stopped 4000000 bytes before the end of the redo log, though/,
    /a greater innodb_log_file_size would not help/,
    { logBytes: 64 * mib },
  ],
  [
    'a page stays wrong',
    '[00] 2026-11-23 19:22:52 Database page corruption detected at page 3, retrying...\n' +
      '[00] 2026-11-23 19:22:52 Error: failed to read page after 10 retries. File ./shop/customers.ibd seems to be corrupted.\n' +
      ' len 16384; hex 0000\n[00] FATAL ERROR: 2026-11-23 19:22:52 mariabackup: Error: failed to copy datafile.',
    'PAGE_DAMAGED',
    /page 3 of shop\/customers\.ibd has a wrong checksum on the server/,
    /./,
  ],
  [
    'the server goes away',
    '[00] 2026-11-23 19:22:52 Error: failed to execute query BACKUP STAGE FLUSH: Server has gone away',
    'CONNECTION_LOST',
    /the server went away meanwhile/,
    /server is still up/,
  ],
  [
    'the server cannot be reached',
    "[00] 2026-11-23 19:22:52 Failed to connect to MariaDB server: Can't connect to local server through socket",
    'SOURCE_UNREACHABLE',
    /could not connect to the server/,
    /./,
  ],
  [
    'an account may too little',
    '[00] FATAL ERROR: 2026-11-23 19:22:52 missing required privilege RELOAD on *.*',
    'PRIVILEGE_MISSING',
    /lacks a privilege/,
    /Grant RELOAD/,
  ],
]

for (const [what, said, code, sentence, hint, facts] of failures) {
  test(`where ${what}, that is told`, () => {
    const error = explainFailure('mariadb-backup', 'back up the server', { status: 1, said }, facts)
    assert.equal(error.code, code)
    assert.match(error.message, sentence)
    assert.match(error.hint, hint)
  })
}
