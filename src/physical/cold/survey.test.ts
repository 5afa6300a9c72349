// What of a data directory belongs to its server, whatever its schemas are called.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { surveyDirectory } from './survey.ts'

/** As servers name the folders of schemas: letters, digits and underscores as they are, all else encoded. */
const schemas = [
  'core',
  'core@002e1',
  'lost@002bfound',
  'ibtmp2',
  'undo_003',
  'ibdata2',
  'ib_logfile7',
  'aria_log_x',
  'keyring',
  'mysql_old',
  'lock',
  'relay',
]

async function dataDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-survey-'))
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

for (const state of ['shut-down', 'crashed'] as const) {
  test(`schemas are taken whatever they are called (${state})`, async () => {
    await using folder = await dataDirectory()
    for (const schema of schemas) {
      await mkdir(path.join(folder.path, schema))
      for (const table of ['core', 'ibtmp1', 'undo_001'])
        await writeFile(path.join(folder.path, schema, `${table}.ibd`), 'x')
    }
    const { files, folders } = await surveyDirectory(folder.path, undefined, state)
    assert.deepEqual(
      folders.map((each) => each.path),
      schemas.toSorted(),
    )
    assert.equal(files.length, schemas.length * 3)
    assert.deepEqual([...new Set(files.map(({ kind }) => kind))], ['tablespace'])
  })
}

test('a folder that is a link is a schema too, and a link that leads nowhere only where nobody misses it', async () => {
  await using folder = await dataDirectory()
  await mkdir(path.join(folder.path, 'data'))
  await mkdir(path.join(folder.path, 'elsewhere'))
  await writeFile(path.join(folder.path, 'elsewhere', 't.ibd'), 'x')
  await symlink('../elsewhere', path.join(folder.path, 'data', 'core'))
  await symlink('/nowhere/mysqld.sock', path.join(folder.path, 'data', 'mysql.sock'))
  const { files } = await surveyDirectory(path.join(folder.path, 'data'))
  assert.deepEqual(
    files.map((file) => file.path),
    ['core/t.ibd'],
  )
  await symlink('/nowhere/t.ibd', path.join(folder.path, 'data', 't.ibd'))
  await assert.rejects(surveyDirectory(path.join(folder.path, 'data')), { code: 'ENOENT' })
})

test('what a crash and a file system left is passed over', async () => {
  await using folder = await dataDirectory()
  for (const name of ['core', 'core.4711', 'ibtmp1']) await writeFile(path.join(folder.path, name), 'x')
  for (const name of ['lost+found', '#meb', '#innodb_temp']) {
    await mkdir(path.join(folder.path, name))
    await writeFile(path.join(folder.path, name, 'temp_1.ibt'), 'x')
  }
  const { files, folders } = await surveyDirectory(folder.path)
  assert.deepEqual(files, [])
  assert.deepEqual(
    folders.map((each) => each.path),
    ['#innodb_temp'],
  )
})
