// Files under a directory, through links, and past what nobody may read.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isHoldfastError } from '../../core/errors.ts'
import { walk } from './walk.ts'

async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-walk-'))
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

async function pathsIn(directory: string): Promise<readonly string[]> {
  const found = await Array.fromAsync(walk(directory, (name) => name === 'lost+found'))
  return found.map((entry) => entry.path)
}

test('links are followed however deep they lie', async () => {
  await using folder = await temporaryFolder()
  const [data, far, farther] = ['data', 'far', 'farther'].map((name) => path.join(folder.path, name))
  for (const each of [data, far, path.join(farther!, 'deep')]) await mkdir(each!, { recursive: true })
  await writeFile(path.join(farther!, 'deep', 't.ibd'), 'x')
  await symlink(farther!, path.join(far!, 'inner'))
  await symlink(far!, path.join(data!, 'shop'))
  assert.deepEqual(await pathsIn(data!), ['shop', 'shop/inner', 'shop/inner/deep', 'shop/inner/deep/t.ibd'])
})

test('what is passed over need not be readable', async () => {
  await using folder = await temporaryFolder()
  // A link to itself: nobody can look at it, not even root.
  await symlink('lost+found', path.join(folder.path, 'lost+found'))
  await writeFile(path.join(folder.path, 'ibdata1'), 'x')
  assert.deepEqual(await pathsIn(folder.path), ['ibdata1'])
})

test('a link to a folder that it lies in is told by its name', async () => {
  await using folder = await temporaryFolder()
  await mkdir(path.join(folder.path, 'shop'))
  await symlink('..', path.join(folder.path, 'shop', 'up'))
  await assert.rejects(
    pathsIn(folder.path),
    (error) => isHoldfastError(error, 'UNSUPPORTED') && error.message.startsWith('shop/up is a link to'),
  )
})
