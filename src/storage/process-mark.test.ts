import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isCertainlyGone, ownProcessMark, type ProcessMark } from './process-mark.ts'

function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function markOf(pid: number): ProcessMark {
  return { ...ownProcessMark(), pid, startTicks: statOf(pid)[22 - 3] ?? '' }
}

test('a process is gone when its pid is free, or another one has it', async () => {
  assert.equal(isCertainlyGone(ownProcessMark()), false)
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const mark = markOf(child.pid ?? 0)
  assert.equal(isCertainlyGone(mark), false)
  assert.equal(isCertainlyGone({ ...mark, startTicks: '1' }), true)
  assert.equal(isCertainlyGone({ ...mark, startTicks: '1', host: 'another' }), false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(isCertainlyGone(mark), true)
})

test('a process that was killed is gone also while nobody has asked how it ended', async () => {
  // The shell becomes a program that knows nothing of the child it has.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
  try {
    const [line] = await once(parent.stdout, 'data')
    const mark = markOf(Number(String(line)))
    assert.equal(isCertainlyGone(mark), false)
    while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await sleep(5)
    process.kill(mark.pid, 'SIGKILL')
    while (statOf(mark.pid)[0] !== 'Z') await sleep(5)
    assert.equal(isCertainlyGone(mark), true)
  } finally {
    parent.kill('SIGKILL')
    await once(parent, 'exit')
  }
})
