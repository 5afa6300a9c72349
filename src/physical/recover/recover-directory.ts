// Restored files under a server of our own: it recovers them, serves whoever has work with it, and shuts down cleanly.
import type { BackupSource } from '../../core/backup.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { ServerProgram } from '../../process/server-program.ts'
import { type ServerSandbox, startSandbox } from '../../process/server-sandbox.ts'
import { Connection } from '../../wire/connection.ts'
import type { PhysicalContent } from '../content.ts'
import { sandboxArguments } from './sandbox-arguments.ts'

export interface RecoverOptions {
  readonly backup: Pick<BackupSource, 'origin' | 'point'>
  readonly content: PhysicalContent
  /** Absolute, with the files of the backup in it. */
  readonly directory: string
  readonly program: ServerProgram
  /** Options that the files need besides: keyrings, plugins. */
  readonly optionFile?: string | undefined
  /** Told to the server after all others that its files need. */
  readonly args?: readonly string[]
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

/** Throws SANDBOX_FAILED when the server cannot recover the files, and HOST_TROUBLE or DISK_FULL when this host does not let it. */
export function startOnFiles({
  backup,
  content,
  directory,
  program,
  optionFile,
  args = [],
  emit,
  signal,
}: RecoverOptions): Promise<ServerSandbox> {
  emit?.({ type: 'phase', phase: 'recovering', detail: `with ${program.path} (${program.version})` })
  return startSandbox({
    program,
    dataDirectory: directory,
    args: [...sandboxArguments(backup, content), ...args],
    optionFile,
    signal,
  })
}

/**
 * Answers what `work` answers. The directory is left as a server leaves it that was shut down; after an error it is of no use. Throws
 * what startOnFiles throws, also when the server does not shut down or goes away meanwhile, and what `work` throws.
 */
export async function recoverDirectory<T>(
  options: RecoverOptions,
  work: (settings: ConnectionSettings) => Promise<T>,
): Promise<T> {
  const { emit, signal } = options
  await using sandbox = await startOnFiles(options)
  const result = await sandbox.during(() => work(sandbox.settings))
  emit?.({ type: 'phase', phase: 'shutting down' })
  await dropAccount(sandbox.settings, sandbox.dropAccount, signal)
  await sandbox.stop()
  return result
}

async function dropAccount(
  settings: ConnectionSettings,
  statements: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await using connection = await Connection.open(settings, { signal })
  for (const statement of statements) await connection.run(statement, { signal })
}
