import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { deferrableKeys } from './deferrable-keys.ts'
import { tableClauses } from './table-clauses.ts'

function later(lines: readonly string[], tail = ') ENGINE=InnoDB'): readonly string[] {
  const clauses = tableClauses(`CREATE TABLE \`t\` (\n  ${lines.join(',\n  ')}\n${tail}`)
  assert.ok(clauses !== undefined)
  return deferrableKeys(clauses).map(({ name }) => name)
}

const columns = ['`id` int NOT NULL', '`a` int', '`b` varchar(10)']
const primary = 'PRIMARY KEY (`id`)'

test('all secondary keys can be added later, the primary key cannot', () => {
  const keys = ['UNIQUE KEY `u` (`a`)', 'KEY `k` (`b`)', 'SPATIAL KEY `s` (`p`)', 'FULLTEXT KEY `f` (`b`)']
  assert.deepEqual(later([...columns, primary, ...keys]), ['u', 'k', 's', 'f'])
})

test('without a primary key unique keys stay, since rows lie in the order of one', () => {
  assert.deepEqual(later([...columns, 'UNIQUE KEY `u` (`id`)', 'UNIQUE KEY `v` (`a`)', 'KEY `k` (`b`)']), [
    'k',
  ])
})

test('the key that counts AUTO_INCREMENT stays, and with it the keys before it', () => {
  const counter = '`n` int NOT NULL AUTO_INCREMENT'
  const keys = ['KEY `k` (`a`)', 'KEY `c` (`N`,`a`)', 'KEY `l` (`n`)', 'KEY `m` (`b`)']
  assert.deepEqual(later([...columns, counter, 'PRIMARY KEY (`a`,`n`)', ...keys]), ['l', 'm'])
  assert.deepEqual(later([...columns, counter, 'PRIMARY KEY (`n`)', ...keys]), ['k', 'c', 'l', 'm'])
})

test('a key that is not plain stays, and with it those of its class before it', () => {
  const unique = ['UNIQUE KEY `u` (`a`)', 'UNIQUE KEY `v` ((`a` + 1))', 'UNIQUE KEY `w` (`b`)']
  const others = ['KEY `k` (`a`)', 'KEY `l` (`b`) /*!80000 INVISIBLE */', 'KEY `m` (`b`)']
  assert.deepEqual(later([...columns, primary, ...unique, ...others]), ['w', 'm'])
})

test('a key of an unknown kind keeps all that come before it', () => {
  const keys = ['UNIQUE KEY `u` (`a`)', 'KEY `k` (`a`)', 'VECTOR KEY `v` (`e`)', 'KEY `l` (`b`)']
  assert.deepEqual(later([...columns, primary, ...keys]), ['l'])
})

test('the key by which FULLTEXT counts stays, and so does a FULLTEXT key that is not the last', () => {
  const counter = '`FTS_DOC_ID` bigint unsigned NOT NULL'
  const keys = ['UNIQUE KEY `FTS_DOC_ID_INDEX` (`FTS_DOC_ID`)', 'FULLTEXT KEY `f` (`b`)', 'KEY `k` (`a`)']
  assert.deepEqual(later([...columns, counter, primary, ...keys]), ['k'])
})

test('nothing is added later to a table that is partitioned, versioned or of another engine', () => {
  const lines = [...columns, primary, 'KEY `k` (`a`)']
  for (const tail of [
    ') ENGINE=MyISAM',
    ') ENGINE=InnoDB WITH SYSTEM VERSIONING',
    ') ENGINE=InnoDB\n/*!50100 PARTITION BY KEY (`id`) */',
  ])
    assert.deepEqual(later(lines, tail), [])
})

/** Where sort_keys() puts a key: [unique, nullable, on a virtual column or not, FULLTEXT]. */
const classes = ['unique', 'unique nullable', 'plain', 'plain virtual', 'fulltext'] as const

function sorted(keys: readonly { readonly class: number; readonly name: string }[]) {
  return keys.toSorted((one, other) => one.class - other.class)
}

test('however keys are mixed, the server has them in the same order afterwards', () => {
  const key = fc.record({ class: fc.nat({ max: 4 }), stays: fc.boolean() })
  fc.assert(
    fc.property(fc.array(key, { maxLength: 12 }), (made) => {
      const original = sorted(made.map((one, at) => ({ ...one, name: `k${at}` })))
      const stays = new Map(made.map((one, at) => [`k${at}`, one.stays]))
      const lines = original.map(({ name, class: at }) => {
        const type = classes[at]?.startsWith('unique') ? 'UNIQUE ' : at === 4 ? 'FULLTEXT ' : ''
        return `${type}KEY \`${name}\` (\`a\`)${stays.get(name) === true ? ' IGNORED' : ''}`
      })
      const names = later([...columns, primary, ...lines])
      assert.ok(names.every((name) => stays.get(name) === false))
      const stay = original.filter(({ name }) => !names.includes(name))
      const added = [...stay, ...original.filter(({ name }) => names.includes(name))]
      assert.deepEqual(
        sorted(added).map(({ name }) => name),
        original.map(({ name }) => name),
      )
      if (![...stays.values()].includes(true)) assert.equal(names.length, original.length)
    }),
  )
})
