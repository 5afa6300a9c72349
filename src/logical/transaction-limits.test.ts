// Which errors of a server mean that a transaction was too large: those only, for the answer is to send less.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverError } from '../wire/server-error.ts'
import { exceededLimit } from './transaction-limits.ts'

// Messages as the servers have them: errmsg-utf8.txt, messages_to_clients.txt, wsrep_thd.h.
const told = [
  [
    1197,
    "Multi-statement transaction required more than 'max_binlog_cache_size' bytes",
    'max_binlog_cache_size',
  ],
  [
    1705,
    "Multi-row statements required more than 'max_binlog_stmt_cache_size' bytes",
    'max_binlog_stmt_cache_size',
  ],
  [
    3100,
    "Error on observer while running replication hook 'before_commit'.",
    'group_replication_transaction_size_limit',
  ],
  [3100, "Error on observer while running replication hook 'before_dml'.", undefined],
  [3231, 'The size of writeset data exceeds a limit', 'group_replication_transaction_size_limit'],
  [1180, 'Got error 90 "Message too long" during COMMIT', 'wsrep_max_ws_size'],
  [1180, 'Got error 5 "Input/output error" during COMMIT', 'wsrep_max_ws_size'],
  [1180, 'Got error 28 "No space left on device" during COMMIT', undefined],
  [1180, 'Got error 56 "Invalid request code" during COMMIT', undefined],
  [1105, 'Maximum writeset size exceeded', 'wsrep_max_ws_size'],
  [1105, 'Unknown error', undefined],
  [1062, "Duplicate entry 'Maximum writeset size exceeded' for key 'PRIMARY'", undefined],
] as const

test('trap 19: a transaction that is too large is told apart from every other failure', () => {
  for (const [errno, message, variable] of told) {
    const error = serverError({ errno, sqlState: 'HY000', message }, 'LOAD DATA')
    assert.equal(exceededLimit(error), variable, message)
  }
  assert.equal(exceededLimit(new Error("Got error 90 'Message too long' during COMMIT")), undefined)
})
