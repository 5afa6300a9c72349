import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modalColumns } from './computed-values.ts'

const plain = { extra: '', generation: '' }
const source = [
  { name: 'c', type: 'char', fullType: 'char(5)', ...plain },
  { name: 'v', type: 'varchar', fullType: 'varchar(5)', ...plain },
  { name: 'doc', type: 'json', fullType: 'json', ...plain },
  { name: 'at', type: 'datetime', fullType: 'datetime(6)', ...plain },
]

function isModal(generation: string, type = 'varchar', extra = 'STORED GENERATED'): boolean {
  return modalColumns([...source, { name: 'g', type, fullType: type, extra, generation }]).length > 0
}

test('stored columns of what sql_mode has a say in are modal', () => {
  for (const generation of [
    "concat(`c`,'|')",
    'hour(`at`)',
    '(`v` - 1)',
    "(`v` like 'a\\_%')",
    'cast(`v` as date)',
  ])
    assert.ok(isModal(generation), generation)
  assert.ok(isModal('`v`', 'time'))
  assert.ok(isModal("concat(`c`,'|')", 'varchar', 'PERSISTENT'))
})

test('those that are computed of JSON, text and numbers are not, nor are virtual ones', () => {
  for (const generation of [
    "json_unquote(json_extract(`doc`,'$.a-b'))",
    'lower(`v`)',
    "concat(`v`,'-',`v`)",
    '(`v` + 1)',
  ])
    assert.ok(!isModal(generation), generation)
  assert.ok(!isModal("concat(`c`,'|')", 'varchar', 'VIRTUAL GENERATED'))
  assert.ok(!isModal('point((`v` - 1),1)', 'point'))
  assert.ok(!isModal('ROW START', 'timestamp') && !isModal('ROW END', 'timestamp'))
})
