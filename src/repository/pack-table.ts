// The packs that a session knows: new ones of its own, and old ones that it may refer to once it has seen them.
import { HoldfastError } from '../core/errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { StoredPack } from './pack-writer.ts'
import { packKey, type SourceLayout } from './repository-keys.ts'

interface PackEntry {
  /** Absent while a new pack is not durable yet. */
  stored: StoredPack | undefined
  readonly isOld: boolean
  /** Answer of the store about an old pack, asked for once. */
  seen?: Promise<boolean>
}

/** Looks at a store that are under way at once when all old packs are confirmed. */
const maxLooks = 16

export class PackTable {
  readonly #store: ObjectStore
  readonly #layout: SourceLayout
  readonly #signal: AbortSignal
  readonly #entries: PackEntry[]

  constructor(store: ObjectStore, layout: SourceLayout, old: readonly StoredPack[], signal: AbortSignal) {
    this.#store = store
    this.#layout = layout
    this.#signal = signal
    this.#entries = old.map((stored) => ({ stored, isOld: true }))
  }

  /** The number of a new pack. */
  add(): number {
    return this.#entries.push({ stored: undefined, isOld: false }) - 1
  }

  setStored(pack: number, stored: StoredPack): void {
    const entry = this.#entries[pack]
    if (entry !== undefined) entry.stored = stored
  }

  nameOf(pack: number): string | undefined {
    return this.#entries[pack]?.stored?.sha256
  }

  /** False for an old pack that the store does not hold whole any more: its chunks must be stored again. */
  async isUsable(pack: number): Promise<boolean> {
    const entry = this.#entries[pack]
    if (entry === undefined) return false
    if (!entry.isOld) return true
    entry.seen ??= this.#isWhole(entry)
    return entry.seen
  }

  /** Packs that a manifest will name, with their lengths. Old ones are looked at once more: a backup took its time. */
  async confirm(names: Iterable<string>): Promise<[string, number][]> {
    const byName = new Map(
      this.#entries.flatMap((entry) => (entry.stored ? [[entry.stored.sha256, entry]] : [])),
    )
    const entries = [...names].map((name) => byName.get(name)).filter((entry) => entry !== undefined)
    const old = entries.filter(({ isOld }) => isOld).values()
    await Promise.all(
      Array.from({ length: maxLooks }, async () => {
        for (const entry of old) await this.#confirmOne(entry)
      }),
    )
    return entries.flatMap(({ stored }) => (stored ? [[stored.sha256, stored.sizeBytes]] : []))
  }

  async #confirmOne(entry: PackEntry): Promise<void> {
    if (entry.stored === undefined || (await this.#isWhole(entry))) return
    const key = packKey(this.#layout, entry.stored.sha256)
    throw new HoldfastError('VERIFY_FAILED', `${key} vanished while a backup was about to refer to it`, {
      object: key,
    })
  }

  async #isWhole({ stored }: PackEntry): Promise<boolean> {
    if (stored === undefined) return false
    const head = await this.#store.head(packKey(this.#layout, stored.sha256), { signal: this.#signal })
    return head?.sizeBytes === stored.sizeBytes
  }
}
