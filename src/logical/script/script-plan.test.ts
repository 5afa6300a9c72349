import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackupSource } from '../../core/backup.ts'
import type { CodeContent, LogicalContent, SchemaContent } from '../content.ts'
import { everything, type Selection } from '../selection.ts'
import { planScript } from './script-plan.ts'

function view(name: string, statement: string, isValid = true): CodeContent {
  const session = { sqlMode: '', charsetClient: 'utf8mb4', collationConnection: 'utf8mb4_general_ci' }
  return { kind: 'view', name, statement, isValid, ...session }
}

function schema(name: string, tables: readonly string[], views: readonly CodeContent[]): SchemaContent {
  return {
    name,
    ddl: `CREATE DATABASE \`${name}\``,
    collation: 'utf8mb4_general_ci',
    sequences: [],
    tables: tables.map((table) => ({
      name: table,
      ddl: '',
      engine: 'InnoDB',
      isTransactional: true,
      columns: [],
      rows: 0,
      hasHistory: false,
      isInsertOnly: false,
      triggers: [],
    })),
    views: [...views],
    routines: [],
    events: [],
  }
}

function plan(schemas: readonly SchemaContent[], selection: Selection, of: Selection = everything) {
  const content: LogicalContent = {
    format: 1,
    selection: of,
    server: { release: 101_100, lowerCaseTableNames: 0 },
    snapshot: { rung: 'binlog-snapshot', heldMs: 0, definitions: 'locked' },
    schemas: [...schemas],
  }
  const backup: BackupSource = {
    content,
    origin: { flavour: 'mariadb', serverVersion: '10.11.6-MariaDB', serverId: 1 },
    point: { timeMicros: 0 },
    objectNames: () => [],
    object: () => Promise.reject(new Error('not asked for')),
    getChunk: () => Promise.reject(new Error('not asked for')),
  }
  const { views, warnings } = planScript(backup, selection)
  return { views: views.map((item) => item.view.name), warnings }
}

const shop = schema(
  'shop',
  ['t'],
  [
    view('a', 'select `x`.`id` AS `id` from `shop`.`z` `x`'),
    view('b', 'select 1 from `crm`.`t`'),
    view('c', 'select `shop`.`twice`(1) from `shop`.`b`'),
    view('d', 'select 1 from `shop`.`gone`', false),
    view('z', 'select `shop`.`twice`(`t`.`id`) from `shop`.`t`'),
  ],
)
const crm = schema('crm', ['t'], [])

test('views come after those that they name, and broken ones are left out and told', () => {
  assert.deepEqual(plan([shop, crm], everything), {
    views: ['z', 'a', 'b', 'c'],
    warnings: ['view shop.d was broken in the source and is left out'],
  })
})

const missing = (name: string) => `view shop.${name} refers to something that is not written and is left out`

test('a view of something that is not written is left out, and so are those on it', () => {
  const { views, warnings } = plan([shop, crm], { kind: 'schemas', schemas: ['shop'] })
  assert.deepEqual(views, ['z', 'a'])
  assert.deepEqual(warnings.slice(0, 2), [missing('b'), missing('c')])
  const part = schema(
    'shop',
    [],
    [view('v', 'select 1 from `shop`.`t`'), view('w', 'select `shop`.`f`(1) from `other`.`t`')],
  )
  const tables: Selection = { kind: 'tables', tables: [] }
  // Of a schema that the backup does not know it can say nothing.
  assert.deepEqual(plan([part], everything, tables), { views: ['w'], warnings: [missing('v')] })
})
