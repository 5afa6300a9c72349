// The file beside a spool in which an archiver says how it is: written anew every few seconds, read by `holdfast status`.
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { ArchiverReport } from '../archive/archiver-report.ts'
import { isGoneSinceBoot, ownProcessMark, processMark } from '../storage/process-mark.ts'
import type { SemiSyncState } from './semi-sync-fallback.ts'

const moment = z.number()
const archiverState = z.object({
  format: z.literal(1),
  process: processMark,
  /** Where it is, in its own words; absent in what an older Holdfast wrote. */
  repository: z.string().exactOptional(),
  startedAtMs: moment,
  writtenAtMs: moment,
  /** How it ended: 'caught-up', 'signal' or the code of an error; absent while it runs. */
  ended: z.string().exactOptional(),
  /** The source was to wait for it. */
  isAcknowledging: z.boolean(),
  timeline: z.string().exactOptional(),
  position: z.object({ file: z.string(), offset: z.number() }).exactOptional(),
  receivedBytes: z.number(),
  segments: z.number(),
  lastPutAtMs: moment.exactOptional(),
  spool: z.object({ usedBytes: z.number(), limitBytes: z.number(), isHeld: z.boolean() }),
  awaySinceMs: moment.exactOptional(),
  acknowledged: z
    .object({
      commits: z.object({ count: z.number(), p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() }),
      sent: z.number(),
    })
    .exactOptional(),
  semiSync: z
    .object({
      isEnabled: z.boolean(),
      isWaiting: z.boolean(),
      fallbacks: z.number(),
      unacknowledged: z.number(),
    })
    .exactOptional(),
})

export type ArchiverState = Readonly<z.infer<typeof archiverState>>

interface Described {
  readonly report: ArchiverReport
  readonly repository: string
  readonly startedAtMs: number
  readonly isAcknowledging: boolean
  readonly semiSync: SemiSyncState | undefined
  readonly ended: string | undefined
}

export function describeArchiver(described: Described): ArchiverState {
  const { report, repository, startedAtMs, isAcknowledging, semiSync, ended } = described
  const { timeline, position, receivedBytes, segments, lastPutAtMs, spool, awaySinceMs, acknowledged } =
    report
  return {
    format: 1,
    process: ownProcessMark(),
    repository,
    startedAtMs,
    writtenAtMs: Date.now(),
    isAcknowledging,
    receivedBytes,
    segments,
    spool,
    ...(ended === undefined ? {} : { ended }),
    ...(timeline === undefined ? {} : { timeline }),
    ...(position === undefined ? {} : { position }),
    ...(lastPutAtMs === undefined ? {} : { lastPutAtMs }),
    ...(awaySinceMs === undefined ? {} : { awaySinceMs }),
    ...(acknowledged === undefined ? {} : { acknowledged }),
    ...(semiSync === undefined ? {} : { semiSync }),
  }
}

export function writeArchiverState(spoolDir: string, state: ArchiverState): Promise<void> {
  return writeAtomically(stateFile(spoolDir), JSON.stringify(state))
}

/** Undefined where no archiver ever ran on this machine, or left nothing that can be read. */
export async function readArchiverState(spoolDir: string): Promise<ArchiverState | undefined> {
  try {
    return archiverState.parse(JSON.parse(await readFile(stateFile(spoolDir), 'utf8')))
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (isGone || error instanceof SyntaxError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** Readers see the old text or the new one. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`
  await writeFile(temporary, text, { mode: 0o644 })
  await rename(temporary, file)
}

/** It has not said that it ended, and is not there any more. */
export function hasDied({ process, ended }: ArchiverState): boolean {
  return ended === undefined && isGoneSinceBoot(process)
}

/**
 * For how many seconds the spool still takes what comes, at the rate at which it has filled since the repository is away. Undefined
 * where it is not away, or has not filled yet.
 */
export function roomSeconds(
  { spool, awaySinceMs, writtenAtMs }: ArchiverState,
  nowMs: number,
): number | undefined {
  const { usedBytes, limitBytes } = spool
  if (awaySinceMs === undefined || usedBytes === 0 || writtenAtMs <= awaySinceMs) return undefined
  const bytesPerMs = usedBytes / (writtenAtMs - awaySinceMs)
  return Math.max(0, (limitBytes - usedBytes) / bytesPerMs - (nowMs - writtenAtMs)) / 1000
}

function stateFile(spoolDir: string): string {
  return path.join(spoolDir, 'status.json')
}
