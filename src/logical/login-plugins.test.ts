import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pluginsOf } from './login-plugins.ts'

test('the plugins of an account are those of all its ways to log in, and no other words', () => {
  for (const [statement, plugins] of [
    [
      "CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 'x OR y' REQUIRE NONE",
      ['caching_sha2_password'],
    ],
    [
      "CREATE USER `a`@`%` IDENTIFIED WITH 'x' AS 'h' AND IDENTIFIED WITH 'Y' WITH MAX_QUERIES_PER_HOUR 1",
      ['x', 'y'],
    ],
    [
      "CREATE USER `VIA x`@`%` IDENTIFIED VIA ed25519 USING 'h' OR mysql_native_password USING 'x' OR unix_socket",
      ['ed25519', 'mysql_native_password', 'unix_socket'],
    ],
    ["CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SSL WITH MAX_USER_CONNECTIONS 1", []],
    ['CREATE ROLE `OR b`', []],
  ] as const)
    assert.deepEqual(pluginsOf(statement), plugins, statement)
})
