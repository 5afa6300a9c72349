// A process of somebody else that is stopped for a moment goes on, whatever becomes of the one that stopped it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { whileFrozen } from '../../src/process/freeze-process.ts'

async function stateOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).charAt(0)
}

async function becomes(pid: number, pattern: RegExp): Promise<string> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const state = await stateOf(pid)
    if (pattern.test(state) || performance.now() > deadline) return state
    await sleep(10)
  }
}

/** Something that runs all the time, until the test ends. */
function startBusy(): { readonly pid: number } & Disposable {
  const child = spawn('sh', ['-c', 'while :; do sleep 0.01; done'], { stdio: 'ignore' })
  return { pid: child.pid ?? 0, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

test('it is stopped while the work goes on, and goes on afterwards, also when the work fails', async () => {
  using busy = startBusy()
  const during = await whileFrozen(busy.pid, 60, () => stateOf(busy.pid))
  assert.equal(during, 'T')
  assert.notEqual(await becomes(busy.pid, /[^T]/), 'T')
  await assert.rejects(
    whileFrozen(busy.pid, 60, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.notEqual(await becomes(busy.pid, /[^T]/), 'T')
})

test('it goes on when its time is over, and the work counts for nothing', async () => {
  using busy = startBusy()
  let during = 'T'
  await assert.rejects(
    whileFrozen(busy.pid, 1, async () => {
      await sleep(1500)
      during = await becomes(busy.pid, /[^T]/)
    }),
    /was to be stopped for at most 1 s/,
  )
  assert.notEqual(during, 'T', 'while the work goes on')
})

test('it goes on when the one that stopped it is killed', async () => {
  using busy = startBusy()
  const module = fileURLToPath(new URL('../../src/process/freeze-process.ts', import.meta.url))
  const script = `import { whileFrozen } from '${module}'; await whileFrozen(${busy.pid}, 60, () => new Promise(() => setInterval(() => undefined, 1000)))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
  assert.equal(await becomes(busy.pid, /T/), 'T')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.notEqual(await becomes(busy.pid, /[^T]/), 'T')
})

test('work counts for nothing where somebody else lets the process go on', async () => {
  using busy = startBusy()
  const work = async (): Promise<void> => {
    process.kill(busy.pid, 'SIGCONT')
    await sleep(100)
    process.kill(busy.pid, 'SIGSTOP')
  }
  await assert.rejects(whileFrozen(busy.pid, 10, work), /somebody else let it go on too early/)
  assert.notEqual(await becomes(busy.pid, /[^T]/), 'T')
})

test('nothing lets the process go on later, when it is stopped again', async () => {
  using busy = startBusy()
  await whileFrozen(busy.pid, 1, () => Promise.resolve())
  process.kill(busy.pid, 'SIGSTOP')
  await sleep(1500)
  assert.equal(await stateOf(busy.pid), 'T')
})

test('a process that is not there cannot be stopped', async () => {
  await assert.rejects(
    whileFrozen(2 ** 22 + 1, 10, () => Promise.resolve()),
    /cannot be stopped for a moment/,
  )
})
