// Snapshots by a program of the user: of disks of a cloud, of a storage array, of whatever else can be frozen at one instant.
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import { runProgram } from '../../process/run-program.ts'
import { isThere } from '../is-there.ts'
import type { HeldSnapshot, PlanRequest } from './held-snapshot.ts'

export const commandRecord = z.object({
  driver: z.literal('command'),
  /** As a shell takes it. */
  command: z.string(),
  name: z.string(),
  directory: z.string(),
})
type CommandRecord = Readonly<z.infer<typeof commandRecord>>

export function planCommand({ directory, name }: PlanRequest, command: string | undefined): CommandRecord {
  if (command === undefined) {
    throw new HoldfastError('USAGE', '--snapshot-driver command needs --snapshot-command COMMAND')
  }
  return { driver: 'command', command, name, directory }
}

/** The command gets a step, the name of the snapshot and the data directory as arguments. */
export function commandSnapshot({ command, name, directory }: CommandRecord): HeldSnapshot {
  const run = async (step: string, signal?: AbortSignal): Promise<string> => {
    try {
      return await runProgram('/bin/sh', ['-c', `${command} "$@"`, 'sh', step, name, directory], { signal })
    } catch (error) {
      if (!isHoldfastError(error, 'FAILED', 'TOOL_MISSING')) throw error
      const message = `--snapshot-command, step ${step}: ${error.message}`
      throw new HoldfastError(error.code, message, error.details, { cause: error })
    }
  }
  const step = async (name: string, signal?: AbortSignal): Promise<void> => {
    await run(name, signal)
  }
  return {
    removal: `${command} remove ${name} ${directory}`,
    prepare: (signal) => step('prepare', signal),
    take: (signal) => step('take', signal),
    async open(signal) {
      const place = (await run('open', signal)).trim().split('\n').at(-1) ?? ''
      if (path.isAbsolute(place) && (await isThere(path.join(place, 'ibdata1')))) {
        if ((await realpath(place)) !== directory) return place
        throw new HoldfastError(
          'FAILED',
          `--snapshot-command, step open: ${place} is the data directory itself`,
        )
      }
      throw new HoldfastError(
        'FAILED',
        `--snapshot-command, step open: ${JSON.stringify(place)} is not the data directory as it was`,
        { place },
        { hint: 'The last line that it prints has to be the path under which those files can be read.' },
      )
    },
    requireSound: (signal) => step('check', signal),
    close: () => step('close'),
    async remove() {
      await step('close')
      await step('remove')
    },
  }
}
