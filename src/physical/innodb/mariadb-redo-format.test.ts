import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deletedSpace } from './mariadb-redo-format.ts'

test('a mini-transaction that deletes a file tells of which tablespace it was', () => {
  const records: readonly (readonly [hex: string, space: number | undefined])[] = [
    // Of MariaDB 10.11: DISCARD TABLESPACE of ./d/t.ibd, and the drop of ./d/#sql-ib22.ibd.
    ['9b05002e2f642f742e696264', 5],
    ['900508002e2f642f2373716c2d696232322e696264', 8],
    // mlog_encode_varint: two bytes from 128 on, for the number and for the length.
    ['9c8001002e2f642f742e696264', 129],
    ['90800180030000', 131],
    // FILE_MODIFY, FILE_CREATE, FILE_RENAME, FILE_CHECKPOINT, and a page that is written.
    ['bb05002e2f642f742e696264', undefined],
    ['8b05002e2f642f742e69626400', undefined],
    ['a01008002e2f642f', undefined],
    ['fa0000000000', undefined],
    ['350501', undefined],
  ]
  for (const [hex, space] of records) assert.equal(deletedSpace(Buffer.from(hex, 'hex'), 0), space, hex)
})
