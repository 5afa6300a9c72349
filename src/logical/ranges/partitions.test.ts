import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupPartitions, partitionSelect, partitionsText } from './partitions.ts'

const partition = (name: string, bytes: number) => ({ names: [name], bytes, rows: bytes / 10 })

test('small partitions are read together with their neighbours, large ones alone, and none is lost', () => {
  const groups = groupPartitions(
    [partition('a', 10), partition('b', 20), partition('c', 500), partition('d', 0), partition('e', 90)],
    100,
  )
  assert.deepEqual(groups, [
    { names: ['a', 'b'], bytes: 30, rows: 3 },
    { names: ['c'], bytes: 500, rows: 50 },
    { names: ['d', 'e'], bytes: 90, rows: 9 },
  ])
  assert.deepEqual(groupPartitions([], 100), [])
})

test('partitions are put behind the table, whatever is selected from it', () => {
  const select = "SELECT IF(`v` IS NULL, NULL, 'FROM `s`.`t`') FROM `s`.`t` FORCE INDEX (PRIMARY)"
  assert.equal(
    partitionSelect(select, 's', 't', ['p`0', 'p1']),
    "SELECT IF(`v` IS NULL, NULL, 'FROM `s`.`t`') FROM `s`.`t` PARTITION (`p``0`, `p1`) FORCE INDEX (PRIMARY)",
  )
  assert.equal(partitionSelect(select, 's', 'u', ['p0']), undefined)
})

test('partitions are named by the first and the last', () => {
  assert.equal(partitionsText(['p0']), 'partition p0')
  assert.equal(partitionsText(['p0', 'p1', 'p2']), 'partitions p0 to p2')
})
