// A process of somebody else held still for a moment, and never for longer, whatever becomes of us.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../core/errors.ts'

/**
 * Ends the freeze when a line or the end of its input comes, which is also our own end; and by itself after $2 seconds. SIGSTOP and SIGCONT are sent
 * from here alone, so that nobody is left stopped by one that was killed between the two.
 */
const guard = `
trap '' INT HUP PIPE
{ sleep "$2" & pause=$!; trap 'kill "$pause"; exit' TERM; wait "$pause"; kill -CONT "$1"; } 3<&- >/dev/null 2>&1 &
timer=$!
trap '' TERM
kill -STOP "$1" || { kill "$timer"; exit 1; }
echo stopped
read -r line
kill -CONT "$1"
kill "$timer"
`

/**
 * Stops a process (SIGSTOP) while `work` goes on. What it had asked of the kernel comes to its end or has not begun; so its files are as a crash
 * of the process would leave them. Throws FAILED when the process may not be stopped, when `work` took longer than the limit, and when somebody else
 * let the process go on meanwhile: then what `work` saw is not of one instant.
 */
export async function whileFrozen<T>(
  pid: number,
  limitSeconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const child = spawn('/bin/sh', ['-c', guard, 'sh', String(pid), String(limitSeconds)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // It ends when it wants; what it did not read is no failure of ours.
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'exit')
  const started = performance.now()
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(tooLong(pid, limitSeconds)), limitSeconds * 1000)
  try {
    const came = await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)])
    if (came === undefined) throw notStopped(pid)
    await waitUntilStopped(pid, limit.signal)
    const before = await turnsOf(pid)
    const result = await work(limit.signal)
    // The limit counts from before the stop, and the clock of the guard from behind that.
    if (performance.now() - started >= limitSeconds * 1000) throw tooLong(pid, limitSeconds)
    if ((await turnsOf(pid)) !== before) throw wentOn(pid)
    return result
  } finally {
    clearTimeout(timer)
    child.stdin.end('\n')
    await ended
  }
}

/** Threads stop one by one, each when it comes back from the kernel. */
async function waitUntilStopped(pid: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const threads = await readdir(`/proc/${pid}/task`)
    const states = await Promise.all(threads.map((thread) => stateOf(pid, thread)))
    if (states.every((state) => /^[TtZX]?$/.test(state))) return
    await sleep(1)
  }
}

/** How often each of its threads has had its turn, proc_pid_status(5): of one that is stopped that stays as it is. */
async function turnsOf(pid: number): Promise<string> {
  const threads = await readdir(`/proc/${pid}/task`)
  const turns = await Promise.all(
    threads.map(async (thread) => {
      const status = await readFile(`/proc/${pid}/task/${thread}/status`, 'latin1')
      return `${thread}: ${[...status.matchAll(/ctxt_switches:\s*(\d+)/g)].map(([, count]) => count).join(' ')}`
    }),
  )
  return turns.join('\n')
}

/** R, S, D, T, …: the field behind the name in parentheses, proc_pid_stat(5). Empty for a thread that has ended. */
async function stateOf(pid: number, thread: string): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/task/${thread}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).charAt(0)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return ''
    throw error
  }
}

function wentOn(pid: number): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `process ${pid} was stopped for a moment, and somebody else let it go on too early`,
    { pid },
    { hint: 'Take one snapshot of a server at a time.' },
  )
}

function notStopped(pid: number): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `process ${pid} cannot be stopped for a moment`,
    { pid },
    { hint: 'Run as root, or as the account of the server, on its host.' },
  )
}

function tooLong(pid: number, limitSeconds: number): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `process ${pid} was to be stopped for at most ${limitSeconds} s, and that was not enough`,
    { pid, limitSeconds },
    {
      hint: 'It goes on. Use a file system with snapshots of its own, or allow more with --freeze-limit SECONDS.',
    },
  )
}
