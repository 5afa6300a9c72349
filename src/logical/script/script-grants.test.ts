// Grants on what a script does not make are left out, whatever kind it is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planGrants } from './script-grants.ts'

test('grants on routines and libraries that are not written are left out and told', () => {
  const kept = 'GRANT USAGE ON *.* TO `u`@`%`'
  const lost = ['FUNCTION', 'PROCEDURE', 'LIBRARY'].map(
    (kind) => `GRANT EXECUTE ON ${kind} \`l\`.\`x\` TO \`u\`@\`%\``,
  )
  const account = {
    user: 'u',
    host: '%',
    isRole: false,
    create: [],
    grants: [kept, ...lost],
    after: [],
  }
  const { accounts, warnings } = planGrants([account], {
    schemas: [],
    views: [],
    systemSchemas: [],
    server: { release: 90200, lowerCaseTableNames: 0 },
  })
  assert.deepEqual(accounts[0]?.grants, [kept])
  assert.deepEqual(
    warnings,
    lost.map(() => 'a grant of u@% is left out: it is on l.x, which is not written'),
  )
})
