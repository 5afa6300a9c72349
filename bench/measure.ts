// Measures whole commands from outside: wall time, and the largest memory of any process the command started.
import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'

export interface Measurement {
  readonly seconds: number
  /** Peak resident memory of the largest single process, in bytes. */
  readonly peakBytes: number
  /** What the server spent meanwhile, where one was named: the steadier witness on a machine that others use too. */
  readonly serverCpuSeconds?: number
}

// VmHWM is the kernel's own high-water mark, so polling can miss only what a process grew in its last 25 ms.
const pollMs = 25

/** Runs `command` in bash (with pipefail) to its end. Throws with the command's own words when it fails. */
export async function measure(
  command: string,
  env: NodeJS.ProcessEnv = {},
  serverPid?: number,
): Promise<Measurement> {
  const cpuBefore = await cpuSeconds(serverPid)
  const started = performance.now()
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-4000)
  })
  const peaks = new Map<number, number>()
  const poll = setInterval(() => void recordPeaks(child.pid, peaks), pollMs)
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', resolve)
  const status = await promise.finally(() => clearInterval(poll))
  const seconds = (performance.now() - started) / 1000
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${said.trim()}`)
  const measured = { seconds, peakBytes: Math.max(0, ...peaks.values()) }
  return serverPid === undefined
    ? measured
    : { ...measured, serverCpuSeconds: (await cpuSeconds(serverPid)) - cpuBefore }
}

// USER_HZ: proc(5) counts in hundredths of a second on every Linux.
const ticksPerSecond = 100

/** utime and stime of proc_pid_stat(5): fields 14 and 15, and the program's name in brackets before them may hold spaces. */
async function cpuSeconds(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0
  const fields = (await readProc(`/proc/${pid}/stat`)).replace(/^.*\) /s, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

async function recordPeaks(root: number | undefined, peaks: Map<number, number>): Promise<void> {
  if (root === undefined) return
  for (const pid of await descendants(root)) {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(await readProc(`/proc/${pid}/status`))?.[1]
    if (kib !== undefined) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, Number(kib) * 1024))
  }
}

async function descendants(root: number): Promise<readonly number[]> {
  const children = new Map<number, number[]>()
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    // The program's name stands in brackets and may hold anything; the parent follows the state letter after it.
    const parent = /\) \S (\d+)/.exec(await readProc(`/proc/${entry}/stat`))?.[1]
    if (parent !== undefined)
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(entry)])
  }
  const found: number[] = []
  const open = [root]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    found.push(pid)
    open.push(...(children.get(pid) ?? []))
  }
  return found
}

/** A process may end between the listing and the reading; then there is nothing to read. */
async function readProc(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

/** The middle of the sorted values; of an even number, the lower middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new Error('median of nothing')
  return middle
}
