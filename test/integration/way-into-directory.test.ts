// What stands in the way of a restore in place: directories that are no server's, or of two, and those that nothing can be moved out of.
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/core/errors.ts'
import { requirePlaceAside, wayInto } from '../../src/operations/way-into-directory.ts'
import type { PhysicalContent } from '../../src/physical/content.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const content: PhysicalContent = {
  format: 1,
  server: { pageBytes: 16_384, architecture: 'x86_64', plugins: [] },
  isClean: true,
  optionFiles: [],
  folders: [],
  files: [],
  leftOut: [],
}

async function fill(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const file = path.join(directory, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, name)
  }
}

const wayOver = (directory: string) => wayInto({ directory, source: 'shop', content, isInPlace: true })
const server = ['ibdata1', 'mysql/user.frm', 'aria_log_control', 'ib_buffer_pool']

test('the folder above a data directory is not taken for it', async () => {
  await using folder = await temporaryDirectory()
  await fill(folder.path, [...server.map((name) => `mysql/${name}`), 'other/letter'])
  await assert.rejects(
    wayOver(folder.path),
    (error) => isHoldfastError(error, 'TARGET_NOT_EMPTY') && /mysql may be one/.test(error.message),
  )
  const { extra } = await wayOver(path.join(folder.path, 'mysql'))
  assert.ok(extra.toRemove.includes('ib_buffer_pool'))
})

test('a data directory that is mounted is written over, unless something would have to be moved out of it', async () => {
  await using disk = await smallDisk(4)
  await fill(disk.path, server)
  const way = await wayOver(disk.path)
  assert.deepEqual(way.extra.toSetAside, [])
  requirePlaceAside(disk.path, way)
  await fill(disk.path, ['binlog.000001'])
  // Told by a dry run, and refused by any other.
  const later = await wayOver(disk.path)
  assert.deepEqual([later.extra.toSetAside, later.setAside], [['binlog.000001'], undefined])
  assert.throws(
    () => requirePlaceAside(disk.path, later),
    (error) => isHoldfastError(error, 'UNSUPPORTED') && /is mounted, so 1 file/.test(error.message),
  )
})
