// `--compress-level`: what it changes, and that what is stored already is found again whatever its level was.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { holdfast, succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

interface Answer {
  readonly backup: {
    readonly sizes: { readonly newBytes: number; readonly storedBytes: number }
    readonly compressLevel: number
  }
}

test('chunks stored at one level are not stored again at another, and each backup tells its own', async () => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(someKind(), {
    sql: `CREATE DATABASE s; CREATE TABLE s.t (id INT PRIMARY KEY, v VARCHAR(200));
      INSERT INTO s.t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900)
        SELECT i, REPEAT(MD5(i MOD 40), 4) FROM n`,
  })
  const backUp = async (repository: string, ...level: string[]): Promise<Answer['backup']> => {
    const place = ['--repository', path.join(folder.path, repository)]
    const words = ['backup', source.url(), ...place, '--name', 's', '--schemas', 's', '--json']
    const { stdout } = await succeed([...words, ...level])
    const answer: Answer = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    return answer.backup
  }
  for (const repository of ['a', 'b']) {
    await succeed(['init', '--repository', path.join(folder.path, repository), '--no-encryption'])
  }
  const fast = await backUp('a', '--compress-level', '-7')
  const small = await backUp('b', '--compress-level=19')
  assert.deepEqual([fast.compressLevel, small.compressLevel], [-7, 19])
  assert.ok(small.sizes.storedBytes < fast.sizes.storedBytes, JSON.stringify([small.sizes, fast.sizes]))

  const again = await backUp('a', '--compress-level', '19')
  assert.equal(again.compressLevel, 19)
  assert.ok(again.sizes.newBytes < fast.sizes.newBytes / 2, JSON.stringify([again.sizes, fast.sizes]))
  const shown = await succeed(['show', 's', '--repository', path.join(folder.path, 'a')])
  assert.match(shown.stdout, /^compression: +zstd level 19 for what is new$/m)
})

test('a level that zstd does not have, or that has nothing to compress, is refused in one sentence', async () => {
  for (const level of ['20', '-8', 'best', '1.5']) {
    const refused = await holdfast([
      'backup',
      'mysql://u@h/',
      '--repository',
      '/r',
      '--compress-level',
      level,
    ])
    assert.equal(refused.exit, 2)
    assert.match(
      refused.stderr,
      new RegExp(`--compress-level takes a whole number from -7 to 19, not '${level}'`),
    )
  }
  const sql = ['--format', 'sql', '--output', '-', '--compress-level', '3']
  const refused = await holdfast(['backup', 'mysql://u@h/', ...sql])
  assert.equal(refused.exit, 2)
  assert.match(refused.stderr, /--compress-level is of a repository/)
})
