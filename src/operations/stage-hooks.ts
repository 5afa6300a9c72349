// Programs of the user for the stages of a backup by snapshot: files in a folder, each with the name of its stage.
import path from 'node:path'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { AtStage, Stage } from '../physical/snapshot/stages.ts'
import { isExecutable } from '../process/on-path.ts'
import { runProgram } from '../process/run-program.ts'
import { passedOn } from '../process/start-program.ts'

export interface StageHooks {
  /** Folder with the programs; absent where there are none. */
  readonly folder: string | undefined
  /** Environment that they get besides. */
  readonly facts: () => Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** How long one may take while others wait for it, in milliseconds. */
  readonly lockedLimitMs?: number
}

/** At these the locks are held. */
const lockedStages: readonly Stage[] = ['presnapshot', 'preunlock']
const defaultLockedLimitMs = 30_000

/**
 * Runs the program of a stage, where the folder has an executable one: with the stage as its argument, and in its environment the snapshot and,
 * once it can be read, where. Throws FAILED with what it said when it ends with another status than 0, and when it takes too long under a lock.
 */
export function stageHooks({ folder, facts, signal, lockedLimitMs }: StageHooks): AtStage {
  return async (stage: Stage): Promise<void> => {
    if (folder === undefined) return
    const program = path.resolve(folder, stage)
    if (!(await isExecutable(program))) return
    const limitMs = lockedLimitMs ?? defaultLockedLimitMs
    const limit = lockedStages.includes(stage) ? AbortSignal.timeout(limitMs) : undefined
    try {
      await runProgram(program, [stage], {
        env: { ...passedOn(process.env), ...facts() },
        signal: limit === undefined ? signal : AbortSignal.any([signal, limit]),
      })
    } catch (error) {
      if (limit?.aborted === true && !signal.aborted) throw tooLong(stage, limitMs)
      if (!isHoldfastError(error, 'FAILED', 'TOOL_MISSING')) throw error
      throw new HoldfastError(error.code, `the hook ${stage}: ${error.message}`, error.details, {
        cause: error,
      })
    }
  }
}

function tooLong(stage: Stage, limitMs: number): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `the hook ${stage}: it did not end within ${limitMs / 1000} s, and the server waits for it`,
    { stage },
    { hint: 'Let it begin what takes long and not wait for that, or do it at another stage.' },
  )
}
