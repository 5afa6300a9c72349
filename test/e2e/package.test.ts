// What is published is what works: the packed tarball, installed as a user would install it.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the packed package holds the built program alone, and runs where it is installed', async () => {
  await using folder = await temporaryDirectory()
  // dist/ is built before the tests; building it again here would race with whoever runs it.
  await runProgram('npm', ['pack', '--ignore-scripts', '--pack-destination', folder.path], { cwd: root })
  const [tarball = ''] = await readdir(folder.path)
  assert.match(tarball, /^holdfast-.*\.tgz$/)
  const listing = (await runProgram('tar', ['-tzf', path.join(folder.path, tarball)])).trim().split('\n')
  const strange = listing.filter(
    (name) => !/^package\/(bin|dist|docs\/format)\/|^package\/[A-Za-z.]+$/.test(name),
  )
  assert.deepEqual(strange, [])
  assert.deepEqual(
    listing.filter((name) => name.includes('.test.')),
    [],
  )

  const prefix = path.join(folder.path, 'prefix')
  const install = ['install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund']
  await runProgram('npm', [...install, path.join(folder.path, tarball)], { cwd: folder.path })
  const installed = path.join(prefix, 'bin', 'holdfast')
  assert.match(await runProgram(process.execPath, [installed, '--version']), /^holdfast \d+\.\d+\.\d+\n$/)
  const repository = path.join(folder.path, 'repository')
  await runProgram(process.execPath, [installed, 'init', '--repository', repository, '--no-encryption'])
  assert.match(
    await runProgram(process.execPath, [installed, 'list', '--repository', repository]),
    /is empty/,
  )
})
