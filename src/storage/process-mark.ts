// Who a process is, in words that another process can check later: is the one that wrote this still alive?
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'
import { systemErrorCode } from './store-errors.ts'

/**
 * Names one process for good. A pid alone is used again after some time, means nothing on another host, after a reboot or
 * in another container, so each of these is recorded beside it. Empty texts where the system does not tell.
 */
export const processMark = z.object({
  host: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
  pid: z.number().int(),
  /** Start of the process in clock ticks since boot, field 22 of /proc/<pid>/stat (proc_pid_stat(5)). */
  startTicks: z.string(),
})

export type ProcessMark = Readonly<z.infer<typeof processMark>>

export function ownProcessMark(): ProcessMark {
  return {
    host: hostname(),
    bootId: readSystemText(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: readSystemText(() => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    startTicks: startTicksOf(process.pid),
  }
}

/**
 * True only when it is certain that the process is gone: it ran on this host, in this boot and this pid namespace, and its
 * pid is free or belongs to a process that started at another time.
 */
export function isCertainlyGone(mark: ProcessMark): boolean {
  const own = ownProcessMark()
  const isHere =
    mark.host === own.host &&
    mark.bootId !== '' &&
    mark.bootId === own.bootId &&
    mark.pidNamespace === own.pidNamespace
  if (!isHere) return false
  if (!isPidInUse(mark.pid) || isZombie(mark.pid)) return true
  const startTicks = startTicksOf(mark.pid)
  return startTicks !== '' && mark.startTicks !== '' && startTicks !== mark.startTicks
}

/** For what lies on the host of the process itself, or came there with its files: also when that was started anew since. */
export function isGoneSinceBoot(mark: ProcessMark): boolean {
  const own = ownProcessMark()
  const isRebooted = mark.host === own.host && own.bootId !== '' && mark.bootId !== own.bootId
  return isRebooted || isCertainlyGone(mark)
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there is such a process, of another user.
    return systemErrorCode(error) !== 'ESRCH'
  }
}

/** Dead, with all its threads, and only waiting for a parent that asks for its exit status: in a container nobody may ever do that. */
function isZombie(pid: number): boolean {
  const isLeaderDead = statField(pid, 3) === 'Z'
  return isLeaderDead && readSystemText(() => readdirSync(`/proc/${pid}/task`).join(' ')) === String(pid)
}

function startTicksOf(pid: number): string {
  return statField(pid, 22)
}

/** Fields 3 and above of /proc/<pid>/stat. */
function statField(pid: number, field: number): string {
  return readSystemText(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Field 2 is the program's name in parentheses and may itself hold spaces and parentheses; field 3 follows the last one.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3] ?? ''
  })
}

/** Not every system has /proc; what cannot be read is an empty text, which never proves that a process is gone. */
function readSystemText(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
