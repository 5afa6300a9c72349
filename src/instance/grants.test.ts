// Reading SHOW GRANTS.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { globalPrivileges, hasGlobalPrivilege, hasSchemaPrivilege } from './grants.ts'

test('privileges on the whole server are told from those on schemas', () => {
  const grants = [
    'GRANT SELECT, RELOAD ON *.* TO `u`@`%` WITH GRANT OPTION',
    'GRANT INSERT ON `s`.* TO `u`@`%`',
  ]
  assert.deepEqual(globalPrivileges(grants), ['SELECT', 'RELOAD', 'GRANT OPTION'])
  assert.ok(hasGlobalPrivilege(grants, 'RELOAD'))
  assert.ok(!hasGlobalPrivilege(grants, 'INSERT'))
  assert.ok(hasGlobalPrivilege(['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`'], 'EVENT'))
})

test('a schema in a grant is a pattern unless escaped', () => {
  assert.ok(has('shop', 'shop'))
  assert.ok(has('sh_p%', 'shopping'))
  assert.ok(has('sh\\_p', 'sh_p'))
  assert.ok(!has('sh\\_p', 'shop'))
  assert.ok(has('a``b.c', 'a`b.c'))
  assert.ok(!has('shop', 'shop2'))
})

function has(pattern: string, schema: string): boolean {
  return hasSchemaPrivilege([`GRANT TRIGGER, EVENT ON \`${pattern}\`.* TO \`u\`@\`%\``], 'EVENT', schema)
}
