// What servers say when the host is in their way, and what they say of damaged files.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostCause } from './host-cause.ts'

const ofHost: readonly (readonly [string, number, string, RegExp])[] = [
  [
    'MariaDB, whose disk is full',
    1,
    "[ERROR] InnoDB: Error number 28 means 'No space left on device'",
    /no space is left/,
  ],
  ['MySQL, whose disk is full', 134, 'Operating system error number 28 in a file operation.', /no space/],
  [
    'a server without memory',
    1,
    '[ERROR] InnoDB: Cannot allocate memory for the buffer pool',
    /got no memory/,
  ],
  ['a server whose socket is taken', 1, "[ERROR] Can't start server: Bind on unix socket: x", /no socket/],
  ['one that another holds the files of', 1, '[ERROR] InnoDB: Unable to lock ./ibdata1 error: 11', /another/],
  [
    'one that may not read its files',
    1,
    'The error means mysqld: Permission denied',
    /may not use its files/,
  ],
  ['one that does not know an option', 7, "[ERROR] unknown variable 'rocksdb=1'", /options/],
  [
    'MySQL without its keyring',
    1,
    "[ERROR] [MY-012657] [InnoDB] Encryption can't find master key, please check the keyring is loaded.",
    /no keys/,
  ],
  ['a server that the kernel took the memory of', 137, '', /killed by signal 9/],
  ['a server that was stopped from outside', 143, '', /killed by signal 15/],
  ['a program whose libraries are missing', 127, 'cannot open shared object file', /cannot be run here/],
]

for (const [what, status, said, says] of ofHost) {
  test(`the host, not the files, is the reason: ${what}`, () => {
    assert.match(hostCause({ status, said })?.says ?? '', says)
  })
}

const ofFiles: readonly (readonly [number, string])[] = [
  [1, '[ERROR] InnoDB: Database page corruption on disk or a failed read of file ./ibdata1'],
  [134, '[ERROR] [MY-013183] [InnoDB] Assertion failure: buf0buf.cc:3956'],
  [139, ''],
  // It goes on without the plugin, and is ended by what it finds.
  [134, "[ERROR] Can't open shared library 'ha_foo.so'\n[ERROR] InnoDB: Assertion failure"],
  [1, "[ERROR] Can't open shared library 'ha_foo.so'\n[ERROR] InnoDB: Database page corruption on disk"],
  [1, '[ERROR] InnoDB: Missing FILE_CHECKPOINT(5646958) at 5646958'],
  // What bytes that are no page look like to MariaDB.
  [1, '[ERROR] InnoDB: The page [page id: space=5, page number=3] in file ./d/t.ibd cannot be decrypted'],
  [1, '[ERROR] InnoDB: Table d.t is corrupted, or encryption key 7 is not found'],
]

for (const [status, said] of ofFiles) {
  test(`the files are not cleared of a failure: ${said || `status ${status}`}`, () => {
    assert.equal(hostCause({ status, said }), undefined)
  })
}

test('a server without keys is told how to get them', () => {
  const said =
    "[ERROR] [MY-012657] [InnoDB] Encryption can't find master key, please check the keyring is loaded."
  assert.match(hostCause({ status: 1, said })?.hint ?? '', /mysqld\.my.+--server-options FILE/)
})
