// A dump that is refused: what it leaves in the repository is neither an instance nor damage.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const head = '-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n-- Server version\t8.0.36\n'
const table = 'CREATE TABLE `t` (`id` int);\nINSERT INTO `t` VALUES (1);\nCREATE TABLE `u` (`id` int);\n'

test('a dump that is refused at its head leaves nothing in the repository', async () => {
  await using folder = await temporaryDirectory()
  const words = await newRepository(folder.path)
  const file = path.join(folder.path, 'dump.sql')
  await writeFile(file, `${head}HANDLER t OPEN;\n`)
  const refused = await holdfast(['import', file, ...words, '--name', 'db1', '--schema', 'shop'])
  assertRefused(refused, 1, /line 3: this statement is not known.*HANDLER/)
  assert.doesNotMatch((await succeed(['list', ...words])).stdout, /db1/)
  await succeed(['verify', ...words])
})

test('a dump that is refused behind its first rows leaves no damage', async () => {
  await using folder = await temporaryDirectory()
  const words = await newRepository(folder.path)
  const file = path.join(folder.path, 'dump.sql')
  await writeFile(file, `${head}${table}INSERT INTO \`u\` VALUES (1);\nHANDLER t OPEN;\n`)
  assertRefused(await holdfast(['import', file, ...words, '--name', 'db1', '--schema', 'shop']), 1, /HANDLER/)
  const verified = await succeed(['verify', ...words])
  assert.doesNotMatch(verified.output, /source\.json/)
})

async function newRepository(folder: string): Promise<readonly string[]> {
  const words = ['--repository', path.join(folder, 'repository')]
  await succeed(['init', ...words, '--no-encryption'])
  return words
}
