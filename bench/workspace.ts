// Where a comparison keeps its repository, key and state, and the servers that both sides get.
import path from 'node:path'
import type { ServerKind } from '../test/support/servers.ts'
import { temporaryDirectory } from '../test/support/temporary-directory.ts'

export interface Workspace extends AsyncDisposable {
  readonly folder: string
  readonly repository: string
  readonly env: Readonly<Record<string, string>>
}

export async function openWorkspace(): Promise<Workspace> {
  const directory = await temporaryDirectory()
  const inside = (name: string) => path.join(directory.path, name)
  return {
    folder: directory.path,
    repository: inside('repository'),
    env: {
      HOLDFAST_IDENTITY_FILE: inside('identity'),
      HOLDFAST_SPOOL: inside('spool'),
      XDG_STATE_HOME: inside('state'),
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

/** How a shell calls this working copy. */
export const holdfast = `node ${path.join(import.meta.dirname, '..', 'bin', 'holdfast.js')}`

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
