// A snapshot from its plan to its removal, whatever is done with its files in between.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { lockBoundsOf } from '../instance/lock-wait.ts'
import { explainRead } from '../physical/cold/unreadable.ts'
import type { HeldSnapshot } from '../physical/snapshot/held-snapshot.ts'
import type { RunningServer } from '../physical/snapshot/running-server.ts'
import { driverNamed, type SnapshotDriver } from '../physical/snapshot/snapshot-drivers.ts'
import { heldSnapshot, planSnapshot, type SnapshotRecord } from '../physical/snapshot/snapshot-record.ts'
import type { AtStage } from '../physical/snapshot/stages.ts'
import { type Hold, type Moment, takeSnapshot } from '../physical/snapshot/take-snapshot.ts'
import type { UseCase } from './backup-instance.ts'
import type { SnapshotNotes } from './left-snapshots.ts'
import { stageHooks } from './stage-hooks.ts'

/** What may be chosen of every snapshot. */
export interface SnapshotChoices {
  /** `auto`, or absent: by the file system; `command` where there is one. */
  readonly driver?: string | undefined
  readonly snapshotCommand?: string | undefined
  /** Of a classic volume of LVM: for what changes while the snapshot is read. */
  readonly roomBytes?: number | undefined
  readonly lockWaitSeconds?: number | undefined
  /** Of a server that has to be stopped, for its file system has no snapshots of its own. */
  readonly freezeLimitSeconds: number
  /** Folder with the programs of the stages. */
  readonly hooks?: string | undefined
  /** What is left when all is done well: the snapshot, or where it is mounted too. */
  readonly keep?: 'snapshot' | 'mount' | undefined
}

export interface SnapshotOptions extends SnapshotChoices, UseCase {
  readonly settings: ConnectionSettings
  readonly server: RunningServer
  readonly hold: Hold
  /** Why all of the server is held still; absent where it is not. */
  readonly lockReason?: string | undefined
  readonly notes: SnapshotNotes
}

/** A snapshot whose files can be read. */
export interface OpenSnapshot {
  readonly driver: SnapshotRecord['driver']
  readonly moment: Moment
  /** Where the files of the data directory are in it. */
  readonly directory: string
}

/** Throws what each step throws, and what `read` throws: then nothing is left of the snapshot. */
export async function withSnapshot<T>(
  options: SnapshotOptions,
  read: (opened: OpenSnapshot) => Promise<T>,
): Promise<T> {
  const { server, notes, signal } = options
  const name = notes.newName()
  const record = await planSnapshot({
    driver: chosenDriver(options),
    command: options.snapshotCommand,
    roomBytes: options.roomBytes,
    freezeLimitSeconds: options.freezeLimitSeconds,
    directory: server.directory,
    pid: server.pid,
    name,
    mountAt: notes.mountPlace(name),
    signal,
  })
  await notes.write(name, record)
  const snapshot = heldSnapshot(record)
  const facts: Record<string, string> = { HOLDFAST_SNAPSHOT: name }
  const hooks = { folder: options.hooks, facts: () => facts }
  const at = stageHooks({ ...hooks, signal })
  // What is done after a failure, be it an interruption, is not interrupted.
  const atEnd = stageHooks({ ...hooks, signal: new AbortController().signal })
  try {
    const result = await useSnapshot(snapshot, record, { ...options, at }, facts, read)
    await tellOf(options, () => atEnd('precleanup'))
    await end(snapshot, name, facts, options)
    await tellOf(options, () => atEnd('backupsuccess'))
    return result
  } catch (error) {
    facts['HOLDFAST_FAILURE'] = wordsOf(error)
    await tellOf(options, () => atEnd('precleanup'))
    await end(snapshot, name, facts, { ...options, keep: undefined })
    await tellOf(options, () => atEnd('backupfailure'))
    throw error
  }
}

/** Undefined where the file system tells it. */
export function chosenDriver({ driver, snapshotCommand }: SnapshotChoices): SnapshotDriver | undefined {
  return driverNamed(driver) ?? (snapshotCommand === undefined ? undefined : 'command')
}

async function useSnapshot<T>(
  snapshot: HeldSnapshot,
  { driver }: SnapshotRecord,
  options: SnapshotOptions & { readonly at: AtStage },
  facts: Record<string, string>,
  read: (opened: OpenSnapshot) => Promise<T>,
): Promise<T> {
  const { settings, hold, lockReason, lockWaitSeconds, at, emit, signal } = options
  await at('preconnect')
  emit({ type: 'phase', phase: 'taking a snapshot', detail: `${driver}, ${howHeld(hold, lockReason)}` })
  await snapshot.prepare(signal)
  const bounds = lockBoundsOf(lockWaitSeconds)
  const moment = await takeSnapshot(snapshot, { settings, hold, bounds, at, emit, signal })
  await at('premount')
  const directory = await snapshot.open(signal)
  facts['HOLDFAST_SNAPSHOT_DIRECTORY'] = directory
  await at('prebackup')
  const result = await explainRead(directory, () => read({ driver, moment, directory }))
  await snapshot.requireSound(signal)
  return result
}

function howHeld(hold: Hold, lockReason: string | undefined): string {
  if (hold === 'all') return `the server is held still: ${lockReason}`
  return hold === 'definitions' ? 'while no definition changes' : 'without a lock'
}

/** What cannot be taken away is no fault of a backup: it is told, and the next command tries again. */
async function end(
  snapshot: HeldSnapshot,
  name: string,
  facts: Readonly<Record<string, string>>,
  { notes, keep, emit }: SnapshotOptions,
): Promise<void> {
  try {
    if (keep === undefined) await snapshot.remove()
    if (keep === 'snapshot') await snapshot.close()
    await notes.forget(name)
    if (keep === undefined) return
    const place = keep === 'mount' ? `, to be read in ${facts['HOLDFAST_SNAPSHOT_DIRECTORY']}` : ''
    const message = `the snapshot ${name} is kept${place}; what removes it: ${snapshot.removal}`
    emit({ type: 'notice', level: 'info', message })
  } catch (error) {
    emit({
      type: 'notice',
      level: 'warning',
      message: `the snapshot ${name} is still there: ${wordsOf(error)}`,
    })
  }
}

/** A failure of what only follows a backup is told. */
async function tellOf({ emit }: UseCase, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    emit({ type: 'notice', level: 'warning', message: wordsOf(error) })
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
