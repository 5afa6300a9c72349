// Tablespaces that were copied while they came and went, made into those that are there when no definition can change.
import type { FileHandle } from 'node:fs/promises'
import { readTablespace, tablespaceHeaderBytes } from '../innodb/tablespace.ts'
import { isAllZeros } from '../pour/poured-cells.ts'
import { renameFiles } from '../pour/rename-files.ts'
import { sideBySide } from '../side-by-side.ts'
import { type Before, copyTablespace, type LiveCopy } from './copy-live-file.ts'
import type { LiveFile, LiveFiles } from './live-files.ts'
import { openIfThere } from './open-if-there.ts'
import { goesOn, type PageHistory } from './page-history.ts'

/** A reader waits for the disk or for the sink; two keep both busy. */
const filesAtOnce = 2

interface Copied {
  /** Undefined where page 0 had not been written. */
  readonly spaceId: number | undefined
  readonly history: PageHistory
}

export class TablespaceCopies {
  readonly #copy: LiveCopy
  /** By path. */
  readonly #copied = new Map<string, Copied>()

  constructor(copy: LiveCopy) {
    this.#copy = copy
  }

  /** Copies all. Throws what copyTablespace throws. */
  async take({ system, tablespaces }: Pick<LiveFiles, 'system' | 'tablespaces'>): Promise<void> {
    let before: Before | undefined
    for (const file of system) {
      const copied = await copyTablespace(file, this.#copy, before)
      // Its files are one row of pages.
      if (copied !== undefined) before = { ...copied, pages: (before?.pages ?? 0) + copied.pages }
    }
    await this.#takeAll(tablespaces)
  }

  /**
   * Drops and renames as the server did, and copies what is new. Tablespaces are told by their number, for a name may have become another's; one
   * whose pages may have been imported meanwhile is as good as new. What changes meanwhile is right after the next time; the last one has to
   * be when no tablespace can be created, renamed or dropped.
   */
  async reconcile(tablespaces: readonly LiveFile[]): Promise<void> {
    const pathBySpace = this.#pathBySpace()
    const renamed: { from: string; to: string }[] = []
    const kept = new Map<string, Copied>()
    const wanted = new Set<string>()
    const fresh: LiveFile[] = []
    for (const file of tablespaces) {
      // Also where nothing is to be read, the work gets on.
      this.#copy.read(0)
      await using handle = await openIfThere(file.from)
      const spaceId = handle && (await this.#spaceIdOf(handle))
      const isAsItWas = spaceId !== undefined && this.#copied.get(file.path)?.spaceId === spaceId
      const from = isAsItWas ? file.path : spaceId === undefined ? undefined : pathBySpace.get(spaceId)
      const copied = from === undefined ? undefined : this.#copied.get(from)
      if (
        handle === undefined ||
        from === undefined ||
        copied === undefined ||
        !(await goesOn(copied.history, handle))
      ) {
        fresh.push(file)
        continue
      }
      // It was renamed while names were gone through, and is seen a second time.
      if (wanted.has(from)) continue
      wanted.add(from)
      kept.set(file.path, copied)
      if (from !== file.path) renamed.push({ from, to: file.path })
    }
    // One that was renamed while it was its turn may be there twice.
    for (const path of this.#copied.keys()) if (!wanted.has(path)) this.#copy.intake.remove(path)
    renameFiles(this.#copy.intake, renamed)
    this.#copied.clear()
    for (const [path, copied] of kept) this.#copied.set(path, copied)
    await this.#takeAll(fresh)
  }

  /** The path of one that has one of these numbers. */
  pathOfAny(spaceIds: ReadonlySet<number>): string | undefined {
    for (const [path, { spaceId }] of this.#copied)
      if (spaceId !== undefined && spaceIds.has(spaceId)) return path
    return undefined
  }

  /** Undefined where several files have one number: somebody has put a copy of a table's file beside it. */
  #pathBySpace(): Map<number, string | undefined> {
    const paths = new Map<number, string | undefined>()
    for (const [path, { spaceId }] of this.#copied)
      if (spaceId !== undefined) paths.set(spaceId, paths.has(spaceId) ? undefined : path)
    return paths
  }

  async #takeAll(files: readonly LiveFile[]): Promise<void> {
    await sideBySide(files, filesAtOnce, this.#copy.signal, async (file, signal) => {
      const copied = await copyTablespace(file, { ...this.#copy, signal })
      if (copied !== undefined)
        this.#copied.set(file.path, { spaceId: copied.spaceId, history: copied.history })
    })
  }

  async #spaceIdOf(handle: FileHandle): Promise<number | undefined> {
    const head = Buffer.alloc(tablespaceHeaderBytes)
    const { bytesRead } = await handle.read(head, 0, tablespaceHeaderBytes, 0)
    if (isAllZeros(head)) return undefined
    return readTablespace(head.subarray(0, bytesRead), this.#copy.flavour)?.spaceId
  }
}
