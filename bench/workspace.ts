// Where a comparison keeps its repository, key and state, the program that it measures, and the servers that both sides get.
import path from 'node:path'
import { installProgram } from '../scripts/installed-program.ts'
import type { ServerKind } from '../test/support/servers.ts'
import { temporaryDirectory } from '../test/support/temporary-directory.ts'

export interface Workspace extends AsyncDisposable {
  readonly folder: string
  readonly repository: string
  /** How a shell calls this working copy, as it is installed: a bundle without its sources. */
  readonly holdfast: string
  readonly env: Readonly<Record<string, string>>
}

export async function openWorkspace(): Promise<Workspace> {
  const directory = await temporaryDirectory()
  const inside = (name: string) => path.join(directory.path, name)
  await installProgram(inside('program'))
  return {
    folder: directory.path,
    repository: inside('repository'),
    holdfast: `node ${inside(path.join('program', 'bin', 'holdfast.js'))}`,
    env: {
      HOLDFAST_IDENTITY_FILE: inside('identity'),
      HOLDFAST_SPOOL: inside('spool'),
      XDG_STATE_HOME: inside('state'),
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

// Both sides get the same server: enough memory for the data, and a redo log that does not stall the load.
export const serverArgs = (kind: ServerKind): readonly string[] => [
  '--innodb-buffer-pool-size=2G',
  '--max-allowed-packet=64M',
  kind.startsWith('mysql') ? '--innodb-redo-log-capacity=1G' : '--innodb-log-file-size=1G',
]

/** A command for a shell, each word as it is. */
export function words(call: readonly string[]): string {
  return call.map((word) => `'${word}'`).join(' ')
}
