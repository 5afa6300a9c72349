// Programs of the user for the stages of a backup by snapshot: files in a folder, each with the name of its stage.
import path from 'node:path'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { AtStage, Stage } from '../physical/snapshot/stages.ts'
import { isExecutable } from '../process/on-path.ts'
import { runProgram } from '../process/run-program.ts'
import { passedOn } from '../process/start-program.ts'

/**
 * Runs the program of a stage, where the folder has an executable one: with the stage as its argument, and in its environment the snapshot and,
 * once it can be read, where. Throws FAILED with what it said when it ends with another status than 0.
 */
export function stageHooks(
  folder: string | undefined,
  facts: () => Readonly<Record<string, string>>,
  signal: AbortSignal,
): AtStage {
  return async (stage: Stage): Promise<void> => {
    if (folder === undefined) return
    const program = path.resolve(folder, stage)
    if (!(await isExecutable(program))) return
    try {
      await runProgram(program, [stage], { env: { ...passedOn(process.env), ...facts() }, signal })
    } catch (error) {
      if (!isHoldfastError(error, 'FAILED', 'TOOL_MISSING')) throw error
      throw new HoldfastError(error.code, `the hook ${stage}: ${error.message}`, error.details, {
        cause: error,
      })
    }
  }
}
