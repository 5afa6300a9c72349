// Names and statements that would steer a terminal: they are shown, and nothing obeys them.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { holdfast } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('no text holds a control character of a name, a statement or an argument', async () => {
  const escape = '\u001B'
  await using folder = await temporaryDirectory()
  await using server = await startServer(someKind(), {
    sql: `CREATE DATABASE d; CREATE TABLE d.\`a${escape}[31mred\` (id INT) ENGINE=MyISAM; INSERT INTO d.\`a${escape}[31mred\` VALUES (1)`,
  })
  const words = ['--repository', path.join(folder.path, 'repository')]
  const env = { HOLDFAST_SPOOL: path.join(folder.path, 'spool') }
  const calls: readonly (readonly string[])[] = [
    ['init', ...words, '--no-encryption'],
    ['doctor', server.url()],
    ['backup', server.url(), ...words, '--name', 'odd'],
    ['show', 'odd', ...words],
    ['stream', server.url(), ...words, '--name', 'odd', '--until-caught-up'],
    ['binlog', 'find', 'odd', ...words],
    ['restore', 'odd', ...words, '--to', `gtid:${escape}[2J`, '--dry-run'],
    ['restore', 'odd', ...words, '--to', 'backup', '--schemas', `${escape}[2J`, '--dry-run'],
    ['list', `${escape}[2J`, ...words],
  ]
  const escaped: string[] = []
  for (const call of calls) {
    if (call[0] === 'stream') {
      await server.sql(
        `CREATE TABLE d.t (id INT) COMMENT '${escape}]0;title\u0007'; INSERT INTO d.t VALUES (1)`,
      )
    }
    const run = await holdfast(call, { env })
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(run.stdout + run.stderr, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/, run.output)
    assert.doesNotMatch(run.output, /This is a bug/)
    if (run.output.includes(String.raw`\x1b`)) escaped.push(call[0] ?? '')
  }
  // Otherwise nothing was tested.
  assert.deepEqual(escaped, ['doctor', 'show', 'binlog', 'restore', 'restore', 'list'])
})
