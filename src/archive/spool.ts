// The local folder where events become durable before anybody is told so, and wait to be put into the repository.
import { link, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { SegmentIndex } from '../core/segment-index.ts'
import { decodeCheckedJson, encodeCheckedJson } from '../repository/checked-json.ts'
import { makeFolder } from '../storage/make-folder.ts'
import { parseResumeState, parseSegmentIndex, type ResumeState } from './resume-state.ts'
import { spoolFailure, unusableSpool } from './spool-failure.ts'
import { SpoolSegment, seqName, syncFolder } from './spool-segment.ts'

export interface SealedSegment {
  readonly segment: SpoolSegment
  readonly index: SegmentIndex
}

/**
 * For each segment that is not in the repository for certain, `<seq>.json` says where it begins; the newest one is always
 * there. A segment is sealed, and never changes again, once the next one's `<seq>.json` exists.
 */
export class Spool {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The states that a run before left, oldest first; none in a new spool. The folder is there once it is locked. */
  async states(): Promise<ResumeState[]> {
    const names = (await readdir(this.folder)).filter((name) => /^\d{16}\.json$/.test(name)).toSorted()
    const states: ResumeState[] = []
    for (const name of names) {
      const file = path.join(this.folder, name)
      states.push(parseResumeState(decodeCheckedJson(await readFile(file), file), file))
    }
    // A crash while a new timeline began may have left the end of the one before.
    const newest = states.reduce((name, { timeline }) => (timeline > name ? timeline : name), '')
    return states.filter(({ timeline }) => timeline === newest)
  }

  /** Records durably where a segment begins; with it, the one before is sealed. */
  async record(state: ResumeState): Promise<void> {
    const file = this.#stateFile(state.seq)
    await this.#writeDurably(file, encodeCheckedJson(state))
  }

  /**
   * Records durably what a segment was sealed with, then where the next one begins. When events arrived and when the source was idle is
   * seen once only: after a crash the same index is put, and the chain stays what it was.
   */
  async recordSealed(index: SegmentIndex, next: ResumeState): Promise<void> {
    // Its own chain value shows whether it is whole.
    await this.#writeDurably(this.#indexFile(index.seq), Buffer.from(JSON.stringify(index)))
    await this.record(next)
  }

  /** A sealed segment as it was sealed; undefined when its bytes are no longer those. */
  async sealed(state: ResumeState): Promise<SealedSegment | undefined> {
    try {
      const sealed = await this.readSealed(state)
      return (await sealed.segment.hasBytes(sealed.index.dataSha256)) ? sealed : undefined
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (isGone || error instanceof SyntaxError || error instanceof MalformedDataError) return undefined
      throw error
    }
  }

  /** A sealed segment whose bytes are looked at by whoever puts it. Throws the system's error, SyntaxError or MalformedDataError. */
  async readSealed(state: ResumeState): Promise<SealedSegment> {
    const file = this.#indexFile(state.seq)
    const index = parseSegmentIndex(JSON.parse(await readFile(file, 'utf8')), file)
    return { segment: this.segment(state, index.start === 0 ? index.file : undefined), index }
  }

  /** Records that a segment is about to be put: a number that is taken afterwards was taken by us. */
  async markPut(seq: number): Promise<void> {
    await this.#writeDurably(this.#putMark(seq), Buffer.alloc(0))
  }

  async unmarkPut(seq: number): Promise<void> {
    await rm(this.#putMark(seq), { force: true })
  }

  async isMarkedPut(seq: number): Promise<boolean> {
    return (await readdir(this.folder)).includes(path.basename(this.#putMark(seq)))
  }

  /** Forgets a segment, or, with `keepState`, all of it but where it begins. */
  async forget(seq: number, options: { readonly keepState?: boolean } = {}): Promise<void> {
    // The state goes last: without it nobody would look for the rest.
    for (const name of await readdir(this.folder)) {
      if (name.startsWith(seqName(seq)) && name !== `${seqName(seq)}.json`) {
        await rm(path.join(this.folder, name), { force: true })
      }
    }
    if (options.keepState !== true) await rm(this.#stateFile(seq), { force: true })
  }

  /** Moves everything into a folder of its own: kept, and out of the way. Answers the folder. */
  async setAside(): Promise<string> {
    const names = (await readdir(this.folder)).filter((name) => /^\d{16}/.test(name))
    const aside = path.join(this.folder, `set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`)
    await makeFolder(aside)
    for (const name of names) await rename(path.join(this.folder, name), path.join(aside, name))
    await syncFolder(this.folder)
    return aside
  }

  /** Makes the folder and claims it for this process; the claim of a process that is gone is taken over. Throws CONFIG_INVALID, DISK_FULL. */
  async lock(): Promise<AsyncDisposable> {
    const file = path.join(this.folder, 'lock')
    const own = `${file}.${process.pid}`
    try {
      await makeFolder(this.folder)
      await writeFile(own, await processLine(process.pid), { mode: 0o600 })
    } catch (error) {
      throw unusableSpool(error, this.folder)
    }
    try {
      // link(2) makes the lock appear with its content or not at all.
      while (!(await linked(own, file))) await this.#breakLock(file)
    } finally {
      await rm(own, { force: true })
    }
    return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
  }

  async #breakLock(file: string): Promise<void> {
    const owner = await readFile(file, 'utf8').catch(() => '')
    const [pid] = owner.split(' ')
    if (owner !== '' && owner === (await processLine(Number(pid)))) {
      throw new HoldfastError(
        'REPOSITORY_LOCKED',
        `process ${pid} streams into the spool ${this.folder} already`,
        { pid: Number(pid) },
        { hint: 'Run one holdfast stream for each source.' },
      )
    }
    await rm(file, { force: true })
  }

  segment(state: ResumeState, newFile?: string): SpoolSegment {
    return SpoolSegment.begin(this.folder, state, newFile)
  }

  recover(state: ResumeState): Promise<SpoolSegment | undefined> {
    return SpoolSegment.recover(this.folder, state)
  }

  #stateFile(seq: number): string {
    return path.join(this.folder, `${seqName(seq)}.json`)
  }

  #indexFile(seq: number): string {
    return path.join(this.folder, `${seqName(seq)}.index`)
  }

  #putMark(seq: number): string {
    return path.join(this.folder, `${seqName(seq)}.put`)
  }

  async #writeDurably(file: string, bytes: Buffer): Promise<void> {
    const temporary = `${file}.new`
    try {
      const handle = await open(temporary, 'w', 0o600)
      try {
        await handle.writeFile(bytes)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, file)
      await syncFolder(this.folder)
    } catch (error) {
      throw spoolFailure(error, file)
    }
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw spoolFailure(error, to)
  }
}

/** A pid and when that process started, in clock ticks since boot: a pid alone may be used again. '' for a process that is gone. */
async function processLine(pid: number): Promise<string> {
  if (!Number.isInteger(pid) || pid <= 0) return ''
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // Field 22 of proc_pid_stat(5); the name in field 2 may hold spaces and parentheses.
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return start === undefined ? '' : `${pid} ${start}`
}
