import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../core/errors.ts'
import { isConnectionUrl, parseConnectionUrl, redactUrl } from './connection-url.ts'
import type { ConnectionValues } from './connection-values.ts'

function shown({ password, ...values }: ConnectionValues): object {
  return password === undefined ? values : { ...values, password: password.reveal() }
}

const good: readonly (readonly [string, object])[] = [
  ['mysql://db1', { host: 'db1' }],
  ['mysql://db1/', { host: 'db1' }],
  ['MariaDB://db1:3307', { host: 'db1', port: 3307 }],
  ['mysql://bob@db1/shop', { user: 'bob', host: 'db1', schema: 'shop' }],
  ['mysql://bob:@db1', { user: 'bob', host: 'db1', password: '' }],
  ['mysql://bob:p%40ss%2Fw%3A%C3%A9+%25@db1', { user: 'bob', host: 'db1', password: 'p@ss/w:é+%' }],
  ['mysql://bob:a:b@c@db1', { user: 'bob', host: 'db1', password: 'a:b@c' }],
  ['mysql://u@[::1]:3306/', { user: 'u', host: '::1', port: 3306 }],
  ['mysql://u@[fe80::1%25eth0]/', { user: 'u', host: 'fe80::1%eth0' }],
  ['mysql://root@/?socket=/run/a+b.sock', { user: 'root', socketPath: '/run/a+b.sock' }],
  ['mysql://root@localhost/?socket=%2Frun%2Fx', { user: 'root', host: 'localhost', socketPath: '/run/x' }],
  [
    'mysql://h/s?ssl-mode=verify_identity&ssl_ca=/etc/ca.pem&ssl-cert=c&ssl-key=k&connect-timeout=5',
    {
      host: 'h',
      schema: 's',
      sslMode: 'VERIFY_IDENTITY',
      caFile: '/etc/ca.pem',
      certFile: 'c',
      keyFile: 'k',
      connectTimeoutMs: 5000,
    },
  ],
  ['mysql://h?enable-cleartext-plugin', { host: 'h', allowClearPassword: true }],
]
for (const [url, values] of good) {
  test(`the URL ${url} is understood`, () => {
    assert.deepEqual(shown(parseConnectionUrl(url)), values)
  })
}

const bad: readonly (readonly [string, RegExp])[] = [
  ['http://db1', /it is not mysql:/],
  ['mysql:db1', /it is not mysql:/],
  ['mysql://', /neither a host nor a socket/],
  ['mysql://u:secret@', /neither a host nor a socket/],
  ['mysql://h:0', /port must be a whole number from 1 to 65535/],
  ['mysql://h:65536', /port must be/],
  ['mysql://h:33x6', /host\[:port\]/],
  ['mysql://u:secret@::1/', /host\[:port\]/],
  ['mysql://u:sec%ret@h', /"%" is not followed/],
  ['mysql://h?ssl-mode=on', /ssl-mode must be one of DISABLED/],
  ['mysql://h?sslmode=REQUIRED', /there is no option sslmode; there are socket/],
  ['mysql://h?password=secret', /password belongs before/],
  ['mysql://h?__proto__=1', /there is no option/],
]
for (const [url, message] of bad) {
  test(`the URL ${url} is refused without telling its password`, () => {
    assert.throws(
      () => parseConnectionUrl(url),
      (error) =>
        isHoldfastError(error, 'CONFIG_INVALID') &&
        message.test(error.message) &&
        !/u:sec/.test(error.message),
    )
  })
}

test('a URL is shown without its password', () => {
  assert.equal(redactUrl('mysql://bob:a@b:c@db1:3306/x'), 'mysql://bob:***@db1:3306/x')
  assert.equal(redactUrl('mysql://bob@db1/x?y=a:b@c'), 'mysql://bob@db1/x?y=a:b@c')
})

test('only URLs of the two flavours are connection URLs', () => {
  assert.equal(isConnectionUrl('mysql://x'), true)
  assert.equal(isConnectionUrl('MARIADB://x'), true)
  assert.equal(isConnectionUrl('prod'), false)
})
