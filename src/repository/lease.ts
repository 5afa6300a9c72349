// The lease of a source: one backup at a time writes to it, and a dead writer's lease does not stay in the way.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ObjectStore, TaggedObject } from '../storage/object-store.ts'
import { isCertainlyGone, ownProcessMark, processMark } from '../storage/process-mark.ts'
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'
import { parseDocument } from './documents.ts'

export interface LeaseTiming {
  /** How long a lease is good without being renewed. */
  readonly ttlMs: number
  readonly renewMs: number
  /** How long another host's expired lease is watched for a sign of life: longer than its owner takes to renew it. */
  readonly watchMs: number
  /** Wall clock, milliseconds since 1970-01-01 UTC. */
  readonly now: () => number
}

/** Three renewals may fail before a lease expires. */
export const defaultLeaseTiming: LeaseTiming = {
  ttlMs: 60_000,
  renewMs: 20_000,
  watchMs: 25_000,
  now: Date.now,
}

const leaseDocument = z.object({
  format: z.literal(1),
  /** Grows with every owner; manifests record it. */
  generation: z.number().int().positive(),
  isHeld: z.boolean(),
  owner: z.string(),
  purpose: z.string(),
  process: processMark,
  since: z.string(),
  expiresMs: z.number(),
})
type LeaseDocument = z.infer<typeof leaseDocument>

/** Another writer may slip in between a look and a compare-and-swap, but hardly this often. */
const maxAttempts = 10

export class Lease implements AsyncDisposable {
  readonly #store: ObjectStore
  readonly #key: string
  readonly #timing: LeaseTiming
  readonly #lost = new AbortController()
  readonly #stopped = new AbortController()
  readonly #renewing: Promise<void>
  #document: LeaseDocument
  #tag: string
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    store: ObjectStore,
    key: string,
    timing: LeaseTiming,
    document: LeaseDocument,
    tag: string,
  ) {
    this.#store = store
    this.#key = key
    this.#timing = timing
    this.#document = document
    this.#tag = tag
    this.#renewing = this.#renewForever()
  }

  /**
   * Takes the lease. A free one, one of a process that is certainly gone, or one that expired is taken; otherwise throws
   * REPOSITORY_LOCKED naming its owner. An expired lease of another host is watched for `watchMs` first, because that host's
   * clock may be behind ours: a living owner renews it meanwhile.
   */
  static async acquire(
    store: ObjectStore,
    key: string,
    purpose: string,
    options: { readonly signal?: AbortSignal | undefined; readonly timing?: LeaseTiming } = {},
  ): Promise<Lease> {
    const { signal, timing = defaultLeaseTiming } = options
    let watched: string | undefined
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const current = await store.getTagged(key, { signal })
      const holder = current && readLease(current, key)
      if (current !== undefined && holder !== 'free' && current.tag !== watched) {
        const verdict = judge(holder, timing.now())
        if (verdict === 'held') throw lockedError(store, key, holder)
        if (verdict === 'watch') {
          await sleep(timing.watchMs, undefined, { signal })
          watched = current.tag
          continue
        }
      }
      const document = newLease(purpose, generationAfter(current, holder), timing)
      const tag = await store.casPut(key, encodeCheckedJson(document), current?.tag, { signal })
      if (tag !== undefined) return new Lease(store, key, timing, document, tag)
    }
    throw lockedError(store, key, undefined)
  }

  get generation(): number {
    return this.#document.generation
  }

  /** Aborted with the reason when the lease is no longer ours; work done under it must stop. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** Renews now. Throws when the lease was lost: called right before a commit. */
  async assertHeld(): Promise<void> {
    this.#lost.signal.throwIfAborted()
    await this.#renew()
    this.#lost.signal.throwIfAborted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort()
    await this.#renewing
    if (this.#lost.signal.aborted) return
    // Ours is the newest version, so a refusal means that it was taken over at this moment, which is as good as free.
    await this.#store.casPut(this.#key, encodeCheckedJson({ ...this.#document, isHeld: false }), this.#tag)
  }

  async #renewForever(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted && !this.#lost.signal.aborted) {
      await sleep(this.#timing.renewMs, undefined, { signal, ref: false }).catch(ignoreAbort(signal))
      if (signal.aborted) return
      try {
        await this.#renew()
      } catch (error) {
        // The store may be back for the next try; only time takes the lease away.
        if (this.#timing.now() >= this.#document.expiresMs) this.#lose(error)
      }
    }
  }

  async #renew(): Promise<void> {
    const before = this.#turn
    const own = (async () => {
      await before.catch(() => undefined)
      await this.#renewInTurn()
    })()
    this.#turn = own.catch(() => undefined)
    await own
  }

  async #renewInTurn(): Promise<void> {
    const document = { ...this.#document, expiresMs: this.#timing.now() + this.#timing.ttlMs }
    const tag = await this.#store.casPut(this.#key, encodeCheckedJson(document), this.#tag)
    if (tag !== undefined) {
      this.#document = document
      this.#tag = tag
      return
    }
    const current = await this.#store.getTagged(this.#key)
    const holder = current && readLease(current, this.#key)
    if (current !== undefined && typeof holder === 'object' && holder.owner === this.#document.owner) {
      // An earlier renewal was done although it answered with an error, or with a spurious refusal.
      this.#tag = current.tag
      return
    }
    this.#lose(lockedError(this.#store, this.#key, holder))
  }

  #lose(reason: unknown): void {
    this.#lost.abort(reason)
  }
}

/** 'unreadable': the bytes are damaged; nobody can tell whose it is. */
function readLease(current: TaggedObject, key: string): LeaseDocument | 'free' | 'unreadable' {
  try {
    const document = parseDocument(leaseDocument, decodeCheckedJson(current.bytes, key), key)
    return document.isHeld ? document : 'free'
  } catch (error) {
    if (error instanceof MalformedDataError) return 'unreadable'
    throw error
  }
}

function judge(holder: LeaseDocument | 'unreadable' | undefined, nowMs: number): 'held' | 'watch' | 'dead' {
  if (holder === undefined) return 'dead'
  if (holder === 'unreadable') return 'watch'
  if (isCertainlyGone(holder.process)) return 'dead'
  if (holder.expiresMs > nowMs) return 'held'
  // Within one boot of one host there is one clock.
  return holder.process.bootId !== '' && holder.process.bootId === ownProcessMark().bootId ? 'dead' : 'watch'
}

function generationAfter(
  current: TaggedObject | undefined,
  holder: LeaseDocument | 'free' | 'unreadable' | undefined,
): number {
  if (current === undefined) return 1
  if (typeof holder === 'object') return holder.generation + 1
  const stated = /"generation": (\d{1,15}),/.exec(current.bytes.toString('latin1'))?.[1]
  return Number(stated ?? 0) + 1
}

function newLease(purpose: string, generation: number, timing: LeaseTiming): LeaseDocument {
  const nowMs = timing.now()
  return {
    format: 1,
    generation,
    isHeld: true,
    owner: randomBytes(16).toString('hex'),
    purpose,
    process: ownProcessMark(),
    since: new Date(nowMs).toISOString(),
    expiresMs: nowMs + timing.ttlMs,
  }
}

function lockedError(
  store: ObjectStore,
  key: string,
  holder: LeaseDocument | 'free' | 'unreadable' | undefined,
): HoldfastError {
  const source = key.split('/')[1] ?? key
  if (typeof holder !== 'object') {
    return new HoldfastError('REPOSITORY_LOCKED', `${source} in ${store.place} is in use by others`, {
      source,
    })
  }
  const { host, pid } = holder.process
  return new HoldfastError(
    'REPOSITORY_LOCKED',
    `${source} in ${store.place} is in use: ${holder.purpose} by process ${pid} on ${host} since ${holder.since}`,
    { source, host, pid, purpose: holder.purpose, since: holder.since },
  )
}

function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error
  }
}
