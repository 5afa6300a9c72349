import assert from 'node:assert/strict'
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { requireOutsideFree } from './outside-files.ts'

test('outside of the directory only what the same restore wrote may be there, as plain files', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-outside-'))
  context.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'undo_001')
  const content = {
    files: ['ibdata1', path].map((path) => ({
      path,
      kind: 'undo' as const,
      sizeBytes: 0,
      mode: 0o640,
      cells: [],
      patches: [],
    })),
  }
  const refused = { code: 'TARGET_NOT_EMPTY', message: /undo_001, which lies outside .+ is there already/ }
  assert.deepEqual(await requireOutsideFree(content, []), [])
  assert.deepEqual(await requireOutsideFree(content, [path]), [])
  await writeFile(path, '')
  await assert.rejects(requireOutsideFree(content, []), refused)
  assert.deepEqual(await requireOutsideFree(content, [path]), [path])
  await link(path, join(folder, 'copy'))
  await assert.rejects(requireOutsideFree(content, [path]), refused)
  for (const put of [() => symlink('nowhere', path), () => mkdir(path)]) {
    await rm(path)
    await put()
    await assert.rejects(requireOutsideFree(content, [path]), refused)
  }
})
