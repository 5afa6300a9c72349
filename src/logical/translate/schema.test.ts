import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceKinds, targetOf } from '../../../test/support/target-servers.ts'
import { TranslationReport } from './report.ts'
import { translatedSchema } from './schema.ts'
import type { TargetServer } from './target-server.ts'

const shop = {
  name: 'shop',
  ddl: "CREATE DATABASE `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */ /*!80016 DEFAULT ENCRYPTION='N' */ /* READ ONLY = 1 */",
  collation: 'utf8mb4_bin',
  sequences: [],
  tables: [],
  views: [],
  routines: [],
  events: [],
}

function translate(target: TargetServer) {
  const report = new TranslationReport()
  const { ddl } = translatedSchema(shop, { source: sourceKinds.mysql, target, report, rowChanges: new Map() })
  return { ddl, told: report.entries.map(({ what }) => what).filter((what) => /READ ONLY/.test(what)) }
}

test('a schema that is READ ONLY is so where that can be said, and else that is told', () => {
  assert.match(translate(targetOf('mysql')).ddl, / \/\* READ ONLY = 1 \*\/$/)
  assert.deepEqual(translate(targetOf('mysql')).told, [])
  const older = translate({ ...targetOf('mysql'), release: 80_021 })
  const other = translate(targetOf('mariadb-11.8'))
  for (const { ddl, told } of [older, other]) {
    assert.doesNotMatch(ddl, /READ ONLY/)
    assert.deepEqual(told, ['option READ ONLY'])
  }
})
