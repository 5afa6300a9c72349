import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { isHoldfastError } from '../core/errors.ts'
import { runProgram } from './run-program.ts'
import { passedOn, startProgram } from './start-program.ts'

test('a program that fails is named with its status and the end of what it said', async () => {
  await assert.rejects(runProgram('/bin/sh', ['-c', 'echo said >&2; exit 7']), (error) => {
    assert(isHoldfastError(error, 'FAILED'))
    assert.equal(error.message, '/bin/sh ended with status 7: said')
    return true
  })
})

test('a long line hides nothing of what a program said before it', async () => {
  const script = 'echo cause >&2; head -c 100000 /dev/zero | tr "\\0" f >&2; echo >&2; echo over >&2; exit 1'
  await using running = await startProgram('/bin/sh', ['-c', script])
  running.stdout.resume()
  const { said } = await running.ended
  assert.match(said, /^cause\nf{2048}\nover\n$/)
})

test('a program that is not there is a missing tool', async () => {
  await assert.rejects(runProgram('/nowhere/mysqld', []), (error) => isHoldfastError(error, 'TOOL_MISSING'))
})

test('arguments come as they are, whatever a shell would make of them', async () => {
  const odd = ['$HOME', "a'b", '', 'x y', '*', '--version']
  const output = await runProgram('/usr/bin/printf', [String.raw`%s\n`, ...odd])
  assert.deepEqual(output.split('\n').slice(0, -1), odd)
})

test('what a program leaves running, with its output open, is not waited for', {
  timeout: 20_000,
}, async () => {
  assert.equal(await runProgram('/bin/sh', ['-c', 'echo started; sleep 30 &']), 'started\n')
})

test('a reader that takes its time gets all that a program said before it ended', async () => {
  const bytes = 180_000
  await using running = await startProgram('/usr/bin/head', ['-c', String(bytes), '/dev/zero'])
  let read = 0
  for await (const piece of running.stdout) {
    read += Buffer.from(piece).length
    await sleep(1300)
  }
  assert.equal(read, bytes)
  assert.equal((await running.ended).status, 0)
})

test('a cancelled program ends, also when it does not want to', { timeout: 30_000 }, async () => {
  const controller = new AbortController()
  const running = runProgram('/bin/sleep', ['100'], { signal: controller.signal })
  setTimeout(() => controller.abort(new Error('enough')), 50)
  await assert.rejects(running, /enough/)
  const stubborn = await startProgram('/bin/sh', ['-c', "trap '' TERM; echo up; while :; do sleep 0.1; done"])
  await once(stubborn.stdout, 'data')
  stubborn.stdout.resume()
  const { status } = await stubborn.stop(100)
  assert.equal(status, 128 + 9)
})

test('a program dies with us, even if we are killed', { timeout: 30_000 }, async () => {
  const module = pathToFileURL(path.join(import.meta.dirname, 'start-program.ts')).href
  const code = `const { startProgram } = await import(${JSON.stringify(module)})
    const running = await startProgram('/bin/sleep', ['100'])
    console.log(running.pid)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [text] = await once(child.stdout, 'data')
  const pid = Number(String(text))
  assert(isAlive(pid))
  child.kill('SIGKILL')
  while (isAlive(pid)) await sleep(20)
})

test('a child does not see where our keys lie, nor a password', () => {
  const env = passedOn({ PATH: '/bin', HOLDFAST_IDENTITY_FILE: '/k', MYSQL_PWD: 'x' })
  assert.deepEqual(env, { PATH: '/bin', LC_ALL: 'C' })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}
