import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TableContent } from '../content.ts'
import { planDeferral, type SizedTable } from './plan-deferral.ts'

function sized(name: string, bytes: number, lines: readonly string[], tail = ') ENGINE=InnoDB'): SizedTable {
  const ddl = `CREATE TABLE \`${name}\` (\n  \`id\` int NOT NULL,\n  \`a\` int,\n  PRIMARY KEY (\`id\`)${lines.map((line) => `,\n  ${line}`).join('')}\n${tail}`
  const table: TableContent = {
    name,
    ddl,
    engine: 'InnoDB',
    isTransactional: true,
    columns: [],
    rows: bytes === 0 ? 0 : 1,
    hasHistory: false,
    isInsertOnly: false,
    triggers: [],
  }
  return { schema: 's', table, bytes }
}

const foreign = (name: string, to: string) =>
  `CONSTRAINT \`${name}\` FOREIGN KEY (\`a\`) REFERENCES ${to} (\`a\`)`

function planned(tables: readonly SizedTable[]): Readonly<Record<string, readonly [number, number]>> {
  const plan = planDeferral(tables, 100)
  return Object.fromEntries(
    [...plan.values()].map(({ table, indexes, foreignKeys }) => [
      table.name,
      [indexes.flat().length, foreignKeys.length] as const,
    ]),
  )
}

test('only tables with enough bytes get their indexes later', () => {
  assert.deepEqual(planned([sized('big', 100, ['KEY `k` (`a`)']), sized('small', 99, ['KEY `k` (`a`)'])]), {
    big: [1, 0],
  })
})

test('a FULLTEXT key is worth more: less bytes are enough', () => {
  const tables = [sized('t', 7, ['FULLTEXT KEY `f` (`t`)']), sized('small', 6, ['FULLTEXT KEY `f` (`t`)'])]
  assert.deepEqual(planned(tables), { t: [1, 0] })
})

test('what is left out of the definition is added: one FULLTEXT key a statement', () => {
  const keys = ['UNIQUE KEY `u` (`a`)', 'KEY `k` (`a`)', 'FULLTEXT KEY `f` (`t`)', 'FULLTEXT KEY `g` (`t`)']
  const [deferred] = planDeferral([sized('t', 100, [...keys, foreign('self', '`t`')])], 100).values()
  assert.deepEqual(deferred?.indexes, [
    ['UNIQUE KEY `u` (`a`)', 'KEY `k` (`a`)', 'FULLTEXT KEY `f` (`t`)'],
    ['FULLTEXT KEY `g` (`t`)'],
  ])
  assert.deepEqual(deferred.foreignKeys, [foreign('self', '`t`')])
  assert.equal(deferred.create, sized('t', 100, []).table.ddl)
})

test('foreign keys come later where either end gets its indexes later', () => {
  const big = sized('big', 100, ['KEY `k` (`a`)'])
  const tables = [
    big,
    sized('child', 1, ['KEY `k` (`a`)', foreign('f', '`BIG`')]),
    sized('empty', 0, [foreign('f', '`s`.`big`')]),
    sized('other', 1, [foreign('f', '`elsewhere`.`big`')]),
  ]
  assert.deepEqual(planned(tables), { big: [1, 0], child: [0, 1], empty: [0, 1] })
})

test('a table keeps the indexes that a foreign key needs which must stay', () => {
  const versioned = sized('v', 1, [foreign('f', '`big`')], ') ENGINE=InnoDB WITH SYSTEM VERSIONING')
  assert.deepEqual(planned([sized('big', 100, ['KEY `k` (`a`)']), versioned]), {})
})

test('a definition that is not understood, and may point to any table, leaves all as they are', () => {
  const odd = sized('odd', 1, [foreign('f', '`big`'), '# comment'])
  assert.deepEqual(planned([sized('big', 100, ['KEY `k` (`a`)']), odd]), {})
})

test('a table with nothing to add later is left as it is', () => {
  assert.deepEqual(planned([sized('big', 100, [])]), {})
})
