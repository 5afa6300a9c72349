// Holds a source back while the spool has no room, and tells how long the room lasts while the repository is away.
import { statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatBytes } from '../core/byte-size.ts'
import { formatDuration } from '../core/duration.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { Archiver } from './archiver.ts'
import type { ArchiverReport } from './archiver-report.ts'
import { RateMeter } from './rate-meter.ts'
import type { SegmentUploader } from './segment-uploader.ts'

export interface SpoolPressureOptions {
  readonly folder: string
  /** How much may wait for the repository. */
  readonly limitBytes: number
  /** Otherwise a full disk that nothing of ours is going to leave is an error. */
  readonly mayWait: boolean
  readonly emit: EmitEvent
}

type Spooling = Pick<Archiver, 'openBytes' | 'receivedBytes' | 'seal'>
type Putting = Pick<SegmentUploader, 'isIdle' | 'waitingBytes'>

/** Left to others on the disk of the spool, and to the small files that put the spool itself right. */
const reserveBytes = 64 * 1024 * 1024
const diskLookMs = 1000
/** How long a source is held before the next look, in milliseconds. */
const holdMs = 200

export class SpoolPressure {
  readonly #options: SpoolPressureOptions
  readonly #rate = new RateMeter()
  #uploader: Putting = { isIdle: true, waitingBytes: 0 }
  #usedBytes = 0
  #diskLookedAtMs = 0
  #diskFreeBytes = Number.POSITIVE_INFINITY
  #isHeld = false
  #awaySinceMs: number | undefined
  /** What was told of a spool that is full, in this time of it. */
  #told: 'away' | 'slow' | 'disk' | undefined

  constructor(options: SpoolPressureOptions) {
    this.#options = options
  }

  /** Counts what waits there as well. */
  watch(uploader: Putting): void {
    this.#uploader = uploader
  }

  get awaySinceMs(): number | undefined {
    return this.#awaySinceMs
  }

  use(openBytes: number): ArchiverReport['spool'] {
    const usedBytes = this.#uploader.waitingBytes + openBytes
    return { usedBytes, limitBytes: this.#options.limitBytes, isHeld: this.#isHeld }
  }

  /** True after a moment where there is no room: then nothing may be taken. Throws DISK_FULL where waiting is of no use. */
  async isHeld(archiver: Spooling): Promise<boolean> {
    this.#rate.note(archiver.receivedBytes, Date.now())
    await this.#look(archiver)
    this.#isHeld = this.#freeBytes <= 0
    if (!this.#isHeld) {
      this.#tellRoom()
      return false
    }
    if (this.#uploader.isIdle) await this.#makeRoom(archiver)
    this.#tellFull()
    await sleep(holdMs)
    return true
  }

  noteAway(reason: HoldfastError): void {
    this.#awaySinceMs = Date.now()
    const free = this.#freeBytes
    const bytesPerSecond = this.#rate.bytesPerSecond
    const lasts =
      bytesPerSecond === 0
        ? 'nothing comes at the moment'
        : `at the present rate for ${formatDuration((free / bytesPerSecond) * 1000)}`
    this.#tell(
      'warning',
      `the repository is away (${reason.message}): what comes is kept in the spool, which has room for ${formatBytes(free)}, ${lasts}`,
    )
  }

  noteBack(awayMs: number): void {
    this.#awaySinceMs = undefined
    this.#tell(
      'info',
      `the repository is there again after ${formatDuration(awayMs)}; ${formatBytes(this.#usedBytes)} of the spool are put into it`,
    )
  }

  get #freeBytes(): number {
    return Math.max(0, Math.min(this.#options.limitBytes - this.#usedBytes, this.#diskFreeBytes))
  }

  /** At the disk once a second at most. */
  async #look(archiver: Spooling): Promise<void> {
    this.#usedBytes = this.#uploader.waitingBytes + archiver.openBytes
    if (Date.now() - this.#diskLookedAtMs < diskLookMs) return
    this.#diskFreeBytes = await freeOnDisk(this.#options.folder)
    this.#diskLookedAtMs = Date.now()
  }

  /** What is open is put at once, even within a transaction. */
  async #makeRoom(archiver: Spooling): Promise<void> {
    if (archiver.openBytes > 0) return archiver.seal()
    if (this.#options.mayWait) return
    throw new HoldfastError(
      'DISK_FULL',
      `the disk of the spool ${this.#options.folder} is full`,
      { folder: this.#options.folder },
      {
        hint: 'Free some space there and run the command again: the source still has what is not archived yet.',
      },
    )
  }

  #tellFull(): void {
    const isDisk = this.#diskFreeBytes <= 0
    const kind = isDisk ? 'disk' : this.#awaySinceMs !== undefined ? 'away' : 'slow'
    // A repository that is merely slow is told of once: room comes and goes then.
    if (this.#told === kind || (this.#told !== undefined && kind === 'slow')) return
    this.#told = kind
    const held = 'nothing more is taken from the source, or acknowledged to it, until there is room again'
    const full = {
      disk: `the disk of the spool ${this.#options.folder} is full`,
      away: `the spool is full (${formatBytes(this.#usedBytes)} wait for the repository)`,
      slow: `the spool is full (${formatBytes(this.#usedBytes)}): the source gives more than the repository takes`,
    }
    this.#tell('warning', `${full[kind]}: ${held}`)
  }

  #tellRoom(): void {
    if (this.#told === undefined || this.#told === 'slow') return
    this.#told = undefined
    this.#tell('info', 'the spool has room again: the stream goes on')
  }

  #tell(level: 'info' | 'warning', message: string): void {
    this.#options.emit({ type: 'notice', level, message })
  }
}

async function freeOnDisk(folder: string): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(folder)
  // Some network mounts do not tell.
  if (blocks === 0) return Number.POSITIVE_INFINITY
  return bavail * bsize - Math.min(reserveBytes, (blocks * bsize) / 16)
}
