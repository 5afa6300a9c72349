import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMounts } from './mounts.ts'

test('mounts are read with blanks in their names, and with optional fields or without', () => {
  const text = [
    String.raw`36 35 0:51 /@my\040sql /var/lib/my\040sql rw,noatime shared:1 master:2 - btrfs /dev/vda rw`,
    '37 35 8:1 / / rw - xfs /dev/sda1 rw,attr2',
    '',
  ].join('\n')
  assert.deepEqual(parseMounts(text), [
    { device: '0:51', root: '/@my sql', place: '/var/lib/my sql', type: 'btrfs', source: '/dev/vda' },
    { device: '8:1', root: '/', place: '/', type: 'xfs', source: '/dev/sda1' },
  ])
})
