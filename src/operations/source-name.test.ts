import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSourceName } from '../repository/repository-keys.ts'
import { deriveSourceName } from './source-name.ts'

test('an instance is named after its host, with the port where it is not the usual one', () => {
  const table: readonly [Parameters<typeof deriveSourceName>[0], string][] = [
    [{ host: 'db1.example.com', port: 3306 }, 'db1.example.com'],
    [{ host: 'DB1', port: 3307 }, 'db1-3307'],
    [{ host: '2001:db8::17', port: 3306 }, '2001-db8-17'],
    [{ host: 'localhost', port: 3306 }, 'here'],
    [{ host: '127.0.0.1', port: 3310 }, 'here-3310'],
    [{ host: 'ignored', port: 3306, socketPath: '/run/mysqld.sock' }, 'here'],
    [{ host: `${'x'.repeat(80)}.example.com`, port: 65535 }, `${'x'.repeat(58)}-65535`],
    [{ host: '::', port: 3306 }, 'server'],
  ]
  for (const [settings, name] of table) {
    assert.equal(deriveSourceName(settings, 'here'), name)
    assert.equal(checkSourceName(name), name)
  }
})
