import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackupOrigin } from '../../core/backup.ts'
import { misfits } from './misfits.ts'

const origin: BackupOrigin = { flavour: 'mysql', serverVersion: '9.7.4', serverId: 1 }
const server = { pageBytes: 16_384, architecture: 'x86_64', plugins: [] }
const files = ['ibdata1', 'ibdata2', 'undo_001'].map((path) => ({
  path,
  kind: 'other' as const,
  sizeBytes: 0,
  mode: 0,
  cells: [],
  patches: [],
}))
const taker = { path: '/usr/sbin/mysqld', version: '9.7.5', architecture: 'x86_64' }
const known = { ...server, lowerCaseTableNames: 1, dataFilePath: '/data/ibdata1:12M;ibdata2:8M:autoextend' }

function told(has: Parameters<typeof misfits>[1]['server'], more: Partial<Parameters<typeof misfits>[2]>) {
  return misfits({ origin }, { server: has, files }, { ...taker, ...more }).map(({ what }) => what)
}

const withPlugin = { ...server, keyring: 'keyring_file.so' }
const option = (name: string, value: string) => ({ options: new Map([[name, value]]) })

const cases: readonly (readonly [string, ReturnType<typeof told>, RegExp | undefined])[] = [
  ['the same series and newer', told(server, {}), undefined],
  ['an older release', told(server, { version: '9.7.3' }), /is of mysql 9\.7\.4, and .+ is 9\.7\.3/],
  ['another series', told(server, { version: '9.8.4' }), /is of mysql 9\.7\.4, and .+ is 9\.8\.4/],
  ['another machine', told(server, { architecture: 'aarch64' }), /on x86_64, and this machine is aarch64/],
  ['a plugin with keys that nobody names', told(withPlugin, {}), /encrypted \(keyring_file\.so\)/],
  ['an option file that may name keys', told(withPlugin, option('x', '')), undefined],
  [
    'a component, which MySQL finds by its manifest',
    told({ ...server, keyring: 'its keyring' }, {}),
    undefined,
  ],
  [
    'pages of another size',
    told(server, option('innodb-page-size', '8k')),
    /=8k, and the files are of 16384/,
  ],
  ['pages of that size', told(server, option('innodb-page-size', '16K')), undefined],
  ['another case of names', told(known, option('lower-case-table-names', '0')), /=0, and the files are of 1/],
  ['a case of names that was not known', told(server, option('lower-case-table-names', '0')), undefined],
  ['one data file', told(server, option('innodb-data-file-path', 'ibdata1:12M')), /are of ibdata1, ibdata2/],
  [
    'the data files, elsewhere',
    told(known, option('innodb-data-file-path', '/a/ibdata1:9M;ibdata2:1M')),
    undefined,
  ],
]

for (const [what, found, expected] of cases) {
  test(`${what}: ${expected === undefined ? 'fits' : 'does not fit'}`, () => {
    assert.equal(found.length, expected === undefined ? 0 : 1, found.join())
    if (expected !== undefined) assert.match(found.join(), expected)
  })
}

test('all that does not fit is told', () => {
  assert.equal(
    told(known, { version: '8.4.0', architecture: 'arm64', ...option('innodb-page-size', '4k') }).length,
    3,
  )
})

test('MariaDB has no keys without an option file', () => {
  const ofMariadb = { origin: { ...origin, flavour: 'mariadb' as const, serverVersion: '10.11.3' } }
  const content = { server: { ...server, keyring: 'innodb_encrypt_tables is on' }, files }
  const hints = misfits(ofMariadb, content, { ...taker, version: '10.11.4' }).map(({ hint }) => hint)
  assert.match(hints.join(), /--server-options FILE/)
})
