import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ColumnContent, TableContent } from '../content.ts'
import type { ScriptPlan } from '../script/script-plan.ts'
import { filesManifest } from './files-manifest.ts'

const plan: ScriptPlan = {
  origin: { flavour: 'mysql', serverVersion: '9.7.0', serverId: 1 },
  point: { position: { file: 'binlog.000001', offset: 4 }, timeMicros: 1_700_000_000_000_000 },
  schemas: [],
  views: [],
  lateViews: [],
  accounts: { create: [], grant: [], warnings: [] },
  settings: [],
  warnings: [],
}

interface Shape {
  readonly name?: string
  readonly file?: string
  readonly ddl?: string
  readonly encoding?: ColumnContent['encoding']
  readonly isInsertOnly?: boolean
}

function loadsWith(shape: Shape): string {
  const { name = 't', file = 't', ddl = 'CREATE TABLE t (c INT)', encoding = 'plain' } = shape
  const table: TableContent = {
    name,
    ddl,
    engine: 'InnoDB',
    isTransactional: true,
    columns: [{ name: 'c', encoding }],
    rows: 1,
    hasHistory: false,
    isInsertOnly: shape.isInsertOnly ?? false,
    triggers: [],
  }
  const files = [{ schema: 's', table, definition: `s/${file}.sql`, rows: [] }]
  const text = filesManifest(plan, files, [], { source: 'shop', id: 'b' }).toString()
  return /"loadsWith": "(\w+)"/.exec(text)?.[1] ?? text
}

test('mysqlimport is promised for tables whose files hold all columns as they are, under the name of the table', () => {
  assert.equal(loadsWith({}), 'mysqlimport')
  assert.equal(loadsWith({ encoding: 'enum' }), 'mysqlimport')
  for (const encoding of ['json', 'text', 'number'] as const) assert.equal(loadsWith({ encoding }), 'load')
  assert.equal(loadsWith({ name: 't.1', file: 't%2e1' }), 'load')
  assert.equal(loadsWith({ ddl: 'CREATE TABLE t (c INT, g INT GENERATED ALWAYS AS (`c`) STORED)' }), 'load')
  assert.equal(loadsWith({ ddl: 'CREATE TABLE t (c INT, g INT INVISIBLE)' }), 'load')
  assert.equal(loadsWith({ isInsertOnly: true }), 'insert')
})
