// A server of our own on a snapshot that can be written to: what it recovers need not be recovered when the files come back.
import type { EmitEvent } from '../../core/events.ts'
import type { ServerProgram } from '../../process/server-program.ts'
import { type Survey, surveyDirectory } from '../cold/survey.ts'
import type { PhysicalContent } from '../content.ts'
import { recoverDirectory } from '../recover/recover-directory.ts'
import type { SnapshotFiles } from './read-snapshot.ts'
import type { RunningServer } from './running-server.ts'

export interface RecoverSnapshotOptions {
  readonly files: SnapshotFiles
  readonly server: RunningServer
  /** Of the series of the server. */
  readonly program: ServerProgram
  /** The option file of the server: for keyrings and plugins. */
  readonly optionFile?: string | undefined
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

/** Answers the files as they are then, of a server that was shut down cleanly. Throws SANDBOX_FAILED. */
export async function recoverSnapshot(options: RecoverSnapshotOptions): Promise<Survey> {
  const { files, server, program, optionFile, emit, signal } = options
  const backup = { origin: server.origin, point: files.point }
  const { directory } = files.survey
  const content = contentOf(files.survey, server)
  await recoverDirectory({ backup, content, directory, program, optionFile, emit, signal }, nothingMore)
  return await surveyDirectory(directory)
}

async function nothingMore(): Promise<void> {
  // It recovers when it starts.
}

/** As much as a server needs to know to start on the files. */
function contentOf({ files, folders, leftOut }: Survey, server: RunningServer): PhysicalContent {
  return {
    format: 1,
    server: server.content,
    isClean: false,
    optionFiles: [],
    folders: [...folders],
    files: files.map(({ path, kind, stats }) => ({
      path,
      kind,
      sizeBytes: stats.size,
      mode: stats.mode & 0o7777,
      cells: [],
      patches: [],
    })),
    leftOut: [...leftOut],
  }
}
