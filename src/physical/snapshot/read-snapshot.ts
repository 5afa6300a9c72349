// What the files of a snapshot are, and which point of the history of their server.
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { readBinlogEnd } from '../cold/binlog-end.ts'
import { type Survey, surveyDirectory } from '../cold/survey.ts'
import { isPlainTable, type RunningServer } from './running-server.ts'
import { snapshotPoint } from './snapshot-point.ts'
import type { Moment } from './take-snapshot.ts'
import { hasUnfinishedDefinition } from './unfinished-definition.ts'

export interface SnapshotFiles {
  readonly survey: Survey
  readonly point: RecoveryPoint
}

/** Throws TABLE_CHANGED, SNAPSHOT_UNPROVEN, MalformedDataError for a binary log that cannot be read, and FAILED where it lacks what the server had. */
export async function readSnapshot(
  directory: string,
  server: RunningServer,
  moment: Moment,
  signal: AbortSignal | undefined,
): Promise<SnapshotFiles> {
  const survey = await surveySnapshot(directory, server)
  // Its server was found by the lock that it holds on this file.
  if (!survey.files.some((file) => file.path === 'ibdata1')) throw ofSomethingElse(directory)
  const plain = moment.kind === 'free' ? survey.files.find((file) => isPlainTable(file.path)) : undefined
  if (plain !== undefined) throw cameMeanwhile(plain.path)
  const logEnd = survey.binlog === undefined ? undefined : await readBinlogEnd(survey.binlog.last, signal)
  const isLoose = moment.kind === 'free' && !moment.areDefinitionsHeld
  if (isLoose && (await hasUnfinishedDefinition(directory, logEnd?.definitions ?? new Set())))
    throw betweenDefinitions()
  return { survey, point: snapshotPoint(moment, logEnd?.point) }
}

/** Nobody held it still. */
function cameMeanwhile(file: string): HoldfastError {
  return new HoldfastError(
    'TABLE_CHANGED',
    `${file} is in the snapshot, of an engine without transactions, and was not seen before: it may be half written`,
    { file },
    { hint: 'Run the backup again: now that it is there, the server is held still for it.' },
  )
}

function betweenDefinitions(): HoldfastError {
  return new HoldfastError(
    'SNAPSHOT_UNPROVEN',
    'a definition was being changed when the snapshot was taken: the server that recovers it would finish that, and log it under a GTID that something else has',
    {},
    { hint: 'Run the backup again when no ALTER, CREATE or DROP is under way, or without --no-locks.' },
  )
}

function ofSomethingElse(directory: string): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `the snapshot is not of the data directory: it has no ibdata1 in ${directory}`,
    { directory },
    { hint: 'The data directory is mounted in a way that is not known here; use another method.' },
  )
}

/** An index in the directory of logs that lie elsewhere would lead a restored server to those of the running one. */
async function surveySnapshot(
  directory: string,
  { hasLogInside, binlogIndex, content }: RunningServer,
): Promise<Survey> {
  const index = hasLogInside ? path.join(directory, binlogIndex ?? `${content.binlogBase}.index`) : undefined
  const survey = await surveyDirectory(directory, index, 'crashed')
  if (hasLogInside) return survey
  const { binlog: _, ...others } = survey
  return {
    ...others,
    files: survey.files.filter(({ kind }) => kind !== 'binlog-index'),
    leftOut: [
      ...survey.leftOut,
      ...(content.binlogBase === undefined
        ? []
        : [
            {
              path: `${content.binlogBase}.*`,
              why: 'binary logs that lie outside of the data directory are for the archive',
            },
          ]),
    ],
  }
}
