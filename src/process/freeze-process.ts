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
trap '' INT TERM HUP
{ sleep "$2"; kill -CONT "$1"; } 3<&- >/dev/null 2>&1 &
timer=$!
kill -STOP "$1" || exit 1
echo stopped
read -r line
kill -CONT "$1"
kill "$timer"
`

/**
 * Stops a process (SIGSTOP) while `work` goes on. What it had asked of the kernel comes to its end or has not begun; so its files are as a crash
 * of the process would leave them. Throws FAILED when the process may not be stopped, and when `work` took longer than the limit: then the process
 * went on meanwhile.
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
    const result = await work(limit.signal)
    // The limit counts from before the stop, and the clock of the guard from behind that.
    if (performance.now() - started >= limitSeconds * 1000) throw tooLong(pid, limitSeconds)
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
