// What this host notes of snapshots that are under way, so that one whose process was killed is taken away by the next.
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../core/errors.ts'
import { heldSnapshot, type SnapshotRecord, snapshotRecord } from '../physical/snapshot/snapshot-record.ts'
import { createDurably, removeIfThere } from '../storage/durable-file.ts'
import { isGoneSinceBoot, ownProcessMark, processMark } from '../storage/process-mark.ts'
import { systemErrorCode } from '../storage/store-errors.ts'
import type { UseCase } from './backup-instance.ts'

const noteFormat = z.object({
  format: z.literal(1),
  madeBy: processMark,
  snapshot: snapshotRecord,
})

/** Notes of snapshots in a folder of this host. */
export class SnapshotNotes {
  readonly #folder: string

  constructor(stateDirectory: string) {
    this.#folder = path.join(stateDirectory, 'snapshots')
  }

  /** Of a new snapshot: nothing has it yet. Short, for LVM's names are (127 bytes with the group); sorted by time. */
  newName(): string {
    const time = new Date()
      .toISOString()
      .replaceAll(/[-:]|\..*/g, '')
      .toLowerCase()
    return `holdfast-${time}-${randomBytes(3).toString('hex')}`
  }

  /** Where a server that recovers in the snapshot can come through, whatever account it has. */
  mountPlace(name: string): string {
    return path.join(tmpdir(), name)
  }

  /** Durable before anything of the snapshot is made. */
  async write(name: string, snapshot: SnapshotRecord): Promise<void> {
    const note = Buffer.from(JSON.stringify({ format: 1, madeBy: ownProcessMark(), snapshot }))
    await createDurably(this.#folder, this.#file(name), note)
  }

  async forget(name: string): Promise<void> {
    await removeIfThere(this.#file(name))
  }

  /**
   * Takes away what killed commands have left, and tells of each. What cannot be taken away is told and left noted; another command's, and another
   * host's, is left alone.
   */
  async clear({ emit, signal }: UseCase): Promise<void> {
    for (const name of await this.#names()) {
      signal.throwIfAborted()
      try {
        const snapshot = await this.#read(name)
        if (snapshot === undefined) continue
        await heldSnapshot(snapshot).remove()
        await this.forget(name)
        emit({
          type: 'notice',
          level: 'info',
          message: `removed the snapshot ${name} of a backup that was killed`,
        })
      } catch (error) {
        const message = `the snapshot ${name} of a backup that was killed is still there: ${wordsOf(error)}`
        emit({ type: 'notice', level: 'warning', message })
      }
    }
  }

  #file(name: string): string {
    return path.join(this.#folder, `${name}.json`)
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#folder)).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []).toSorted()
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw error
    }
  }

  /** Undefined for what belongs to a process that may be alive, and for what another command has forgotten meanwhile. */
  async #read(name: string): Promise<SnapshotRecord | undefined> {
    const text = await this.#textOf(name)
    if (text === undefined) return undefined
    const note = noteFormat.safeParse(jsonOf(text))
    if (!note.success) {
      throw new HoldfastError(
        'FAILED',
        `${this.#file(name)} is no note of a snapshot`,
        {},
        {
          cause: note.error,
          hint: 'A newer Holdfast may have written it; or remove it, and look for a snapshot of that name.',
        },
      )
    }
    const { madeBy, snapshot } = note.data
    return isGoneSinceBoot(madeBy) ? snapshot : undefined
  }

  async #textOf(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.#file(name), 'utf8')
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
