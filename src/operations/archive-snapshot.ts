// Use case: write the files of a running server, by a snapshot, into one archive of tar instead of a repository.
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import { describePoint } from '../core/point-text.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import type { PhysicalContent } from '../physical/content.ts'
import { readSnapshot } from '../physical/snapshot/read-snapshot.ts'
import { recoverSnapshot } from '../physical/snapshot/recover-snapshot.ts'
import { requireTar, writeTar } from '../physical/snapshot/tar-archive.ts'
import type { UseCase } from './backup-instance.ts'
import { findServer } from './recover-files.ts'
import { findSnapshotServer, type SnapshotRequest } from './snapshot-server.ts'
import { withSnapshot } from './with-snapshot.ts'

export interface SnapshotArchiveRequest extends SnapshotRequest {
  /** A new file, or a folder for one that gets its name from the time. */
  readonly place: string
  /** A server recovers the files in the snapshot before they are read. */
  readonly isRecovered: boolean
  readonly serverProgram?: string | undefined
}

export interface SnapshotArchive {
  readonly file: string
  readonly sizeBytes: number
  readonly point: RecoveryPoint
  readonly heldMs: number
}

/** Throws CONFIG_INVALID for a file that is there, what no snapshot can be taken of, and what each step throws: then there is no archive. */
export async function archiveSnapshot(
  request: SnapshotArchiveRequest,
  { emit, signal }: UseCase,
): Promise<SnapshotArchive> {
  await requireTar()
  const file = await newFile(request.place)
  const found = await findSnapshotServer(request, { emit, signal })
  const { server, optionFiles } = found
  const { origin, content } = server
  const program = request.isRecovered
    ? await findServer(request, { origin }, { server: content, files: [] }, signal)
    : undefined
  return await withSnapshot({ ...request, ...found, emit, signal }, async ({ directory, moment }) => {
    const files = await readSnapshot(directory, server, moment, signal)
    const { optionFile } = request
    const survey =
      program === undefined
        ? files.survey
        : await recoverSnapshot({ files, server, program, optionFile, emit, signal })
    const notes = [{ name: 'position.txt', text: positionText(files.point) }, ...optionNotes(optionFiles)]
    const sizeBytes = await writeTar({ survey, flavour: origin.flavour, file, notes, emit, signal })
    return { file, sizeBytes, point: files.point, heldMs: moment.kind === 'free' ? 0 : moment.heldMs }
  })
}

/** In a folder: as mylvmbackup names its archives, by local time. */
async function newFile(place: string): Promise<string> {
  const kind = await kindOf(place)
  if (kind === 'file') {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${place} is there already`,
      { place },
      { hint: 'Name a new file, or a folder.' },
    )
  }
  if (kind === 'folder')
    return await newFile(path.join(place, `backup-${localStamp(new Date())}_mysql.tar.gz`))
  if ((await kindOf(path.dirname(path.resolve(place)))) === 'folder') return path.resolve(place)
  throw new HoldfastError('CONFIG_INVALID', `${path.dirname(place)} is no folder`, { place })
}

async function kindOf(place: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(place)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** YYYYMMDD_hhmmss */
function localStamp(time: Date): string {
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('')
  return `${day}_${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join('')}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

function positionText(point: RecoveryPoint): string {
  const { position, gtid } = point
  return [
    `point: ${describePoint(point)}`,
    ...(position === undefined ? [] : [`file: ${position.file}`, `position: ${position.offset}`]),
    ...(gtid === undefined ? [] : [`gtid: ${gtid.text}`]),
    '',
  ].join('\n')
}

/** The first is the one that was named; those that it includes follow. */
function optionNotes(
  files: readonly PhysicalContent['optionFiles'][number][],
): { name: string; text: string }[] {
  return files.map(({ path: file, text }, index) => ({ name: `${index}-${path.basename(file)}`, text }))
}
