// Which archiver of a source is the one: the last that said so. One that was held up learns here that another took its place.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ObjectStore, TaggedObject } from '../storage/object-store.ts'
import { ownProcessMark, processMark } from '../storage/process-mark.ts'
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'
import { parseDocument } from './documents.ts'

const claimDocument = z.object({
  format: z.literal(1),
  owner: z.string(),
  process: processMark,
  since: z.string(),
})
type ClaimDocument = z.infer<typeof claimDocument>

/** Others may claim between a look and a compare-and-swap, but hardly this often. */
const maxAttempts = 10

/** Whoever stands still for less than this has hardly been replaced meanwhile, and the source tells it as well. */
const trustMs = 1000

export class ArchiverClaim {
  readonly #store: ObjectStore
  readonly #key: string
  readonly #owner: string
  #lookedMs: number

  private constructor(store: ObjectStore, key: string, owner: string) {
    this.#store = store
    this.#key = key
    this.#owner = owner
    this.#lookedMs = Date.now()
  }

  /** Takes the place of whoever had it: a new connection to the source ends that one anyway. */
  static async take(store: ObjectStore, key: string, signal?: AbortSignal): Promise<ArchiverClaim> {
    const owner = randomBytes(16).toString('hex')
    const since = new Date().toISOString()
    const document: ClaimDocument = { format: 1, owner, process: ownProcessMark(), since }
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const current = await store.getTagged(key, { signal })
      const tag = await store.casPut(key, encodeCheckedJson(document), current?.tag, { signal })
      if (tag !== undefined || read(await store.getTagged(key, { signal }), key)?.owner === owner)
        return new ArchiverClaim(store, key, owner)
    }
    throw new HoldfastError(
      'REPOSITORY_LOCKED',
      `many archivers of one source begin at once in ${store.place}`,
    )
  }

  /** Throws REPOSITORY_LOCKED when another archiver has claimed the source since. `isLoose`: a look a moment ago is enough. */
  async assertOwn(
    options: { readonly isLoose?: boolean; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const { isLoose = false, signal } = options
    // By the wall clock, which goes on while a process or its machine is stopped.
    const nowMs = Date.now()
    if (isLoose && Math.abs(nowMs - this.#lookedMs) < trustMs) return
    const claim = read(await this.#store.getTagged(this.#key, { signal }), this.#key)
    this.#lookedMs = nowMs
    // One that nobody can read, or that somebody removed, is nobody's: who puts a segment first decides as ever.
    if (claim !== undefined && claim.owner !== this.#owner) throw replaced(this.#store, claim)
  }
}

/** Undefined where there is none, or a damaged one. */
function read(current: TaggedObject | undefined, key: string): ClaimDocument | undefined {
  if (current === undefined) return undefined
  try {
    return parseDocument(claimDocument, decodeCheckedJson(current.bytes, key), key)
  } catch (error) {
    if (error instanceof MalformedDataError) return undefined
    throw error
  }
}

function replaced({ place }: ObjectStore, { process: { host, pid }, since }: ClaimDocument): HoldfastError {
  return new HoldfastError(
    'REPOSITORY_LOCKED',
    `another archiver of this source has taken over in ${place}: process ${pid} on ${host}, since ${since}`,
    { host, pid, since },
    { hint: 'Run one holdfast stream for each source; this one has stopped, and keeps its spool.' },
  )
}
