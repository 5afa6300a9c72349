// Servers whose binary log lacks some of what they change: they are named beforehand, since nothing fails later.
import assert from 'node:assert/strict'
import path from 'node:path'
import { assertRefused, type HoldfastRun, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const schemas = 'CREATE DATABASE kept; CREATE DATABASE lost; CREATE TABLE lost.t (id INT PRIMARY KEY);'

interface Rig extends AsyncDisposable {
  readonly stream: (server: TestServer, ...more: string[]) => readonly string[]
}

async function newRepository(): Promise<Rig> {
  const folder = await temporaryDirectory()
  const repository = path.join(folder.path, 'repository')
  await succeed(['init', '--repository', repository, '--no-encryption'])
  return {
    stream: (server, ...more) => [
      ...['stream', server.url(), '--repository', repository, '--name', 'shop'],
      ...['--spool', path.join(folder.path, 'spool'), ...more],
    ],
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** The message of doctor's check, which must have failed. */
async function failedCheck(server: TestServer, name: string): Promise<string> {
  const run = await holdfast(['doctor', server.url(), '--json'])
  assert.equal(run.exit, 1, run.output)
  const report: { checks: { name: string; status: string; message: string }[] } = JSON.parse(run.stdout)
  const check = report.checks.find((each) => each.name === name)
  assert.equal(check?.status, 'fail', run.output)
  return check.message
}

eachServer('a filter of the binary log is found by doctor, and stream refuses the server', async (kind) => {
  await using rig = await newRepository()
  const filters = [
    ['--binlog-ignore-db=lost', /changes in lost are not logged/],
    ['--binlog-do-db=kept', /only changes in kept are logged/],
  ] as const
  for (const [option, problem] of filters) {
    await using server = await startServer(kind, { args: [option] })
    await server.sql(schemas)
    assert.match(await failedCheck(server, 'binary log filters'), problem)
    const run = await holdfast(rig.stream(server, '--until-caught-up'))
    assertRefused(run, 22, problem)
    assert.match(run.stderr, /hint: .*binlog-ignore-db.*holdfast backup URL.*--new-timeline/)
  }
})

eachServer('a stream ends when its server comes back with a filter', async (kind) => {
  await using rig = await newRepository()
  await using server = await startServer(kind)
  await server.sql(schemas)
  let run: Promise<HoldfastRun> | undefined
  await new Promise<void>((resolve) => {
    run = holdfast(rig.stream(server, '--json'), {
      onOutput: (text) => {
        if (text.includes('"type":"progress"')) resolve()
      },
    })
  })
  await server.restart({ args: ['--binlog-ignore-db=lost'] })
  assert.ok(run !== undefined)
  const { exit, stdout, output } = await run
  assert.equal(exit, 22, output)
  assert.match(stdout, /"code":"BINLOG_UNSUITABLE"/)
})
