import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import {
  authMoreDataToBytes,
  authSwitchRequestToBytes,
  parseAuthMoreData,
  parseAuthSwitchRequest,
} from './auth-switch.ts'
import { capability } from './capabilities.ts'
import { columnDefinitionToBytes, parseColumnDefinition } from './column-definition.ts'
import { setMultiStatementsToBytes } from './command.ts'
import { eofToBytes, isEof, parseEof } from './eof.ts'
import { errToBytes, isErr, parseErr } from './err.ts'
import { handshakeToBytes, parseHandshake } from './handshake.ts'
import { handshakeResponseToBytes, parseHandshakeResponse, sslRequestToBytes } from './handshake-response.ts'
import { localInfileRequestToBytes, parseLocalInfileRequest } from './local-infile-request.ts'
import { okToBytes, parseOk } from './ok.ts'
import { parseTextRow, textRowToBytes } from './text-row.ts'

interface Format<T> {
  readonly parse: (bytes: Buffer) => T
  readonly toBytes: (value: T) => Buffer
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

/** Parses `bytes` to `value`, and writes `value` as `bytes`. */
function same<T>(title: string, format: Format<T>, bytes: string, value: T): void {
  test(title, () => {
    assert.deepEqual(format.parse(hex(bytes)), value)
    assert.equal(format.toBytes(value).toString('hex'), hex(bytes).toString('hex'))
  })
}

function refuses(title: string, parse: (bytes: Buffer) => unknown, bytes: string, message: RegExp): void {
  test(title, () => {
    assert.throws(
      () => parse(hex(bytes)),
      (error) => error instanceof MalformedDataError && message.test(error.message),
    )
  })
}

const ok = { parse: parseOk, toBytes: okToBytes }
same('an OK without a message', ok, '00 00 00 0200 0000', {
  affectedRows: 0,
  lastInsertId: 0n,
  status: 2,
  warnings: 0,
  info: '',
})
same('an OK with counts and a message', ok, '00 fc2c01 fe0000000000000080 0200 0100 03 616263', {
  affectedRows: 300,
  lastInsertId: 1n << 63n,
  status: 2,
  warnings: 1,
  info: 'abc',
})
refuses('an OK that ends early', parseOk, '00 00 00 02', /OK packet.*expected 2 more bytes, found 1/)
refuses('an OK that is no OK', parseOk, 'fe 00 00 0200', /expected an OK packet, found header 0xfe/)

const err = { parse: parseErr, toBytes: errToBytes }
same('an error with a state', err, 'ff 7a04 23 3432533032 4e6f20', {
  errno: 1146,
  sqlState: '42S02',
  message: 'No ',
})
same('an error from before the login has no state', err, 'ff 1004 546f6f', {
  errno: 1040,
  sqlState: '',
  message: 'Too',
})
refuses('an error without its number', parseErr, 'ff 10', /ERR packet.*expected 2 more bytes/)

const eof = { parse: parseEof, toBytes: eofToBytes }
same('an EOF', eof, 'fe 0100 0a00', { warnings: 1, status: 10 })
refuses('an EOF without status', parseEof, 'fe 0100', /EOF packet/)

test('a row that begins with a value of 16 MiB is no EOF', () => {
  assert.equal(isEof(hex('fe 0000 0200')), true)
  assert.equal(isEof(hex('fe 0000000100000000 61')), false)
  assert.equal(isErr(hex('ff')), true)
})

const handshake = { parse: parseHandshake, toBytes: handshakeToBytes }
same(
  'the greeting of a MySQL server',
  handshake,
  `0a 392e372e3400 08000000 0102030405060708 00 ffff ff 0200 ffdf 15 00000000000000000000
   090a0b0c0d0e0f1011121314 00 63616368696e675f736861325f70617373776f7264 00`.replaceAll('\n', ''),
  {
    serverVersion: '9.7.4',
    threadId: 8,
    capabilities: 0xdfffffff,
    collationId: 255,
    status: 2,
    nonce: hex('0102030405060708090a0b0c0d0e0f1011121314'),
    authPlugin: 'caching_sha2_password',
  },
)
test('a greeting may lack the NUL after the plugin, or the plugin', () => {
  const start =
    '0a 3500 08000000 0102030405060708 00 ffff ff 0200 ff81 15 00000000000000000000 090a0b0c0d0e0f1011121314 00'
  assert.equal(parseHandshake(hex(`${start} 6d7973716c`)).authPlugin, 'mysql')
  assert.equal(parseHandshake(hex(start)).authPlugin, '')
})
refuses('a greeting of another protocol', parseHandshake, '09 3500', /expected protocol version 10, found 9/)
refuses('a greeting that ends in the version', parseHandshake, '0a 352e35', /NUL-terminated/)
refuses(
  'a greeting that ends in the challenge',
  parseHandshake,
  '0a 3500 08000000 010203',
  /expected 8 more bytes, found 3/,
)
refuses('a greeting that is a web page', parseHandshake, '485454502f312e31', /protocol version 10, found 72/)

const allBits =
  capability.protocol41 |
  capability.connectWithDb |
  capability.pluginAuth |
  capability.pluginAuthLenenc |
  capability.connectAttributes
same(
  'the answer to a greeting',
  { parse: parseHandshakeResponse, toBytes: handshakeResponseToBytes },
  `08023800 00000040 2d ${'00'.repeat(23)} 626f6200 02 aabb 73686f7000 706c00 04 0161 0162`,
  {
    capabilities: allBits,
    collationId: 45,
    user: 'bob',
    authResponse: hex('aabb'),
    schema: 'shop',
    authPlugin: 'pl',
    attributes: { a: 'b' },
  },
)
test('the request for TLS is the head of the answer alone', () => {
  const bytes = sslRequestToBytes({ capabilities: capability.ssl | capability.protocol41, collationId: 45 })
  assert.equal(bytes.toString('hex'), `000a0000000000402d${'00'.repeat(23)}`)
})

const authSwitch = { parse: parseAuthSwitchRequest, toBytes: authSwitchRequestToBytes }
same(
  'a switch to a plugin with a 20-byte challenge and its NUL',
  authSwitch,
  `fe 6100 ${'07'.repeat(20)} 00`,
  {
    plugin: 'a',
    nonce: Buffer.alloc(20, 7),
  },
)
same(
  'a switch to a plugin whose challenge ends in a NUL of its own',
  authSwitch,
  `fe 6100 ${'00'.repeat(32)}`,
  {
    plugin: 'a',
    nonce: Buffer.alloc(32),
  },
)
test('the bare switch of old servers names the old plugin', () => {
  assert.equal(parseAuthSwitchRequest(hex('fe')).plugin, 'mysql_old_password')
})
refuses('a switch without an end of the name', parseAuthSwitchRequest, 'fe 6162', /NUL-terminated/)
same('login data', { parse: parseAuthMoreData, toBytes: authMoreDataToBytes }, '01 04', hex('04'))

const column = { parse: parseColumnDefinition, toBytes: columnDefinitionToBytes }
const columnBytes = '03646566 0173 0174 026f74 016e 026f6e 0c 2d00 ff000000 fd 0110 02 0000'
same('a column definition', column, columnBytes, {
  schema: 's',
  table: 't',
  orgTable: 'ot',
  name: 'n',
  orgName: 'on',
  collationId: 45,
  columnLength: 255,
  type: 253,
  flags: 0x1001,
  decimals: 2,
})
refuses(
  'a column definition that is cut',
  parseColumnDefinition,
  columnBytes.slice(0, 48),
  /column definition/,
)
refuses(
  'a column definition with short fields',
  parseColumnDefinition,
  '03646566 00 00 00 00 00 02 2d00',
  /12 bytes of fixed/,
)

same(
  'a request for a local file',
  { parse: parseLocalInfileRequest, toBytes: localInfileRequestToBytes },
  'fb 2f65',
  '/e',
)

const row = (columns: number): Format<(Buffer | null)[]> => ({
  parse: (bytes) => parseTextRow(bytes, columns),
  toBytes: textRowToBytes,
})
same('a row with NULL, empty and filled values', row(3), 'fb 00 0361620a', [
  null,
  Buffer.alloc(0),
  hex('61620a'),
])
refuses(
  'a row with too few values',
  (bytes) => parseTextRow(bytes, 2),
  '0161',
  /expected 1 more bytes, found 0/,
)
refuses(
  'a row with too many values',
  (bytes) => parseTextRow(bytes, 1),
  '0161 0162',
  /expected the end of the row, found 2/,
)
refuses(
  'a row with a value longer than it',
  (bytes) => parseTextRow(bytes, 1),
  'fcffff61',
  /expected 65535 more bytes/,
)

test('several statements are allowed and forbidden by COM_SET_OPTION', () => {
  assert.equal(setMultiStatementsToBytes(true).toString('hex'), '1b0000')
  assert.equal(setMultiStatementsToBytes(false).toString('hex'), '1b0100')
})
