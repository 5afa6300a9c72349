// Tablespaces that were copied while they came and went, made into those that are there when no definition can change.
import { readTablespace, tablespaceHeaderBytes } from '../innodb/tablespace.ts'
import { isAllZeros } from '../pour/poured-cells.ts'
import { renameFiles } from '../pour/rename-files.ts'
import { sideBySide } from '../side-by-side.ts'
import { type Before, copyTablespace, type LiveCopy } from './copy-live-file.ts'
import type { LiveFile, LiveFiles } from './live-files.ts'
import { openIfThere } from './open-if-there.ts'

/** A reader waits for the disk or for the sink; two keep both busy. */
const filesAtOnce = 2

export class TablespaceCopies {
  readonly #copy: LiveCopy
  /** By path; undefined where page 0 had not been written. */
  readonly #spaces = new Map<string, number | undefined>()

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
   * Drops and renames as the server did, and copies what is new. Tablespaces are told by their number, for a name may have become another's. What
   * changes meanwhile is right after the next time; the last one has to be when no tablespace can be created, renamed or dropped.
   */
  async reconcile(tablespaces: readonly LiveFile[]): Promise<void> {
    const pathBySpace = new Map<number, string>()
    for (const [path, spaceId] of this.#spaces) if (spaceId !== undefined) pathBySpace.set(spaceId, path)
    const renamed: { from: string; to: string }[] = []
    const kept = new Map<string, number>()
    const wanted = new Set<number>()
    const fresh: LiveFile[] = []
    for (const file of tablespaces) {
      const spaceId = await this.#spaceIdOf(file)
      const from = spaceId === undefined ? undefined : pathBySpace.get(spaceId)
      if (spaceId === undefined || from === undefined) {
        fresh.push(file)
        continue
      }
      // It was renamed while names were gone through, and is seen a second time.
      if (wanted.has(spaceId)) continue
      wanted.add(spaceId)
      kept.set(file.path, spaceId)
      if (from !== file.path) renamed.push({ from, to: file.path })
    }
    // One that was renamed while it was its turn may be there twice.
    for (const [path, spaceId] of this.#spaces)
      if (spaceId === undefined || !wanted.has(spaceId) || pathBySpace.get(spaceId) !== path)
        this.#copy.intake.remove(path)
    renameFiles(this.#copy.intake, renamed)
    this.#spaces.clear()
    for (const [path, spaceId] of kept) this.#spaces.set(path, spaceId)
    await this.#takeAll(fresh)
  }

  async #takeAll(files: readonly LiveFile[]): Promise<void> {
    await sideBySide(files, filesAtOnce, this.#copy.signal, async (file, signal) => {
      const copied = await copyTablespace(file, { ...this.#copy, signal })
      if (copied !== undefined) this.#spaces.set(file.path, copied.spaceId)
    })
  }

  async #spaceIdOf({ from }: LiveFile): Promise<number | undefined> {
    await using handle = await openIfThere(from)
    if (handle === undefined) return undefined
    const head = Buffer.alloc(tablespaceHeaderBytes)
    const { bytesRead } = await handle.read(head, 0, tablespaceHeaderBytes, 0)
    if (isAllZeros(head)) return undefined
    return readTablespace(head.subarray(0, bytesRead), this.#copy.flavour)?.spaceId
  }
}
