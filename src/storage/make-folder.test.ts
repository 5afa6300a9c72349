import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFolder } from './make-folder.ts'

test('folders that are missing are made for their owner alone, also by many at once', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hf-folder-'))
  try {
    const path = join(root, 'a', 'b', 'c')
    assert.equal(await makeFolder(path), join(root, 'a'))
    assert.equal((await stat(path)).mode & 0o777, 0o700)
    assert.equal(await makeFolder(path), undefined)
    const many = join(root, 'x', 'y', 'z')
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(many)))
    assert.ok((await stat(many)).isDirectory())
  } finally {
    await rm(root, { recursive: true })
  }
})

test('what is in the way ends in the error of the system', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hf-folder-'))
  try {
    await writeFile(join(root, 'file'), '')
    await symlink(join(root, 'nowhere'), join(root, 'dangling'))
    await assert.rejects(makeFolder(join(root, 'file', 'a', 'b')), { code: 'ENOTDIR' })
    await assert.rejects(makeFolder(join(root, 'dangling')), { code: 'EEXIST' })
    await assert.rejects(makeFolder(join(root, 'dangling', 'a')), { code: 'EEXIST' })
  } finally {
    await rm(root, { recursive: true })
  }
})

test('a file system that makes no folders answers at once, instead of being asked for ever', async () => {
  await assert.rejects(makeFolder('/proc/no-such-folder/a'), { code: 'ENOENT' })
})
