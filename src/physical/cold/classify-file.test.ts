import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classifyFile } from './classify-file.ts'

const logs = new Map([
  ['binlog.000001', 'binlog'],
  ['binlog.index', 'binlog-index'],
] as const)

for (const [path, expected] of [
  ['#ib_16384_0.dblwr', 'other'],
  ['shop/#sql-1a2b_3.ibd', 'tablespace'],
  ['shop/#sql-alter-1a2b-3.frm', 'table'],
  ['ibtmp1', 'skip'],
] as const) {
  test(`${path} of a server that crashed is ${expected}`, () => {
    const belonging = classifyFile(path, logs, 'crashed')
    assert.equal(belonging.kind === 'take' ? belonging.as : belonging.kind, expected)
  })
}

for (const [path, expected] of [
  ['ibdata1', 'tablespace'],
  ['mysql.ibd', 'tablespace'],
  ['shop/t#p#p0.ibd', 'tablespace'],
  ['undo_001', 'undo'],
  ['undo001', 'undo'],
  ['#innodb_redo/#ib_redo9', 'redo'],
  ['ib_logfile0', 'redo'],
  ['shop/t.frm', 'table'],
  ['aria_log.00000001', 'table'],
  ['aria_log_control', 'table'],
  ['auto.cnf', 'identity'],
  ['mysqld-auto.cnf', 'identity'],
  ['server-key.pem', 'certificate'],
  ['component_keyring_file', 'keyring'],
  ['binlog.000001', 'binlog'],
  ['binlog.index', 'binlog-index'],
  ['multi-master.info', 'other'],
  ['ddl_recovery.log', 'other'],
  ['shop/db.opt', 'table'],
  ['ibtmp1', 'skip'],
  ['#innodb_temp/temp_1.ibt', 'skip'],
  ['#innodb_redo/#ib_redo10_tmp', 'skip'],
  ['#ib_16384_0.dblwr', 'skip'],
  ['db1.pid', 'skip'],
  ['lost+found', 'skip'],
  ['shop/#sql-1a2b_3.ibd', 'leave-out'],
  ['db1.err', 'leave-out'],
  ['db1-slow.log', 'leave-out'],
] as const) {
  test(`${path} is ${expected}`, () => {
    const belonging = classifyFile(path, logs)
    assert.equal(belonging.kind === 'take' ? belonging.as : belonging.kind, expected)
  })
}
