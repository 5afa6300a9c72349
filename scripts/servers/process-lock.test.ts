import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { whileLocked } from './process-lock.ts'

async function lockFile(): Promise<{ file: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-lock-'))
  return {
    file: path.join(folder, 'deep', 'lock'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

test('two owners of one lock never work at the same time', async () => {
  await using lock = await lockFile()
  const story: string[] = []
  const work = (name: string) => async () => {
    story.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, 20))
    story.push(`${name} ends`)
  }
  await Promise.all([whileLocked(lock.file, work('a')), whileLocked(lock.file, work('b'))])
  const [first, second] = story[0] === 'a begins' ? ['a', 'b'] : ['b', 'a']
  assert.deepEqual(story, [`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`])
})

test('work that throws gives the lock back', async () => {
  await using lock = await lockFile()
  await assert.rejects(
    whileLocked(lock.file, () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.equal(await whileLocked(lock.file, () => Promise.resolve('next')), 'next')
})

test('an owner that is killed gives the lock back', async () => {
  await using lock = await lockFile()
  const module = new URL('process-lock.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { whileLocked } from ${JSON.stringify(module)}
       await whileLocked(${JSON.stringify(lock.file)}, async () => {
         process.stdout.write('held')
         await new Promise(() => setInterval(() => {}, 1000))
       })`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  let isMine = false
  const mine = whileLocked(lock.file, () => {
    isMine = true
    return Promise.resolve()
  })
  await new Promise((resolve) => setTimeout(resolve, 250))
  assert.equal(isMine, false)
  child.kill('SIGKILL')
  await mine
  assert.equal(isMine, true)
})
