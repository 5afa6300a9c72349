import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountScript } from './account-script.ts'

for (const everyone of ["''@'%'", '``@`%`']) {
  test(`the proxy of every installed root is granted only where it is not there (${everyone})`, () => {
    const grant = `GRANT PROXY ON ${everyone} TO \`root\`@\`localhost\` WITH GRANT OPTION`
    const root = { user: 'root', host: 'localhost', isRole: false, create: [], grants: [grant], after: [] }
    const statements = accountScript([root]).grant
    assert.notDeepEqual(statements, [grant])
    assert.match(statements.join('\n'), /FROM mysql\.proxies_priv WHERE User = 'root' AND Host = 'localhost'/)
  })
}
