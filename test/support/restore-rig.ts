// A source with its backups and archive in a repository, and restores of it: what tests of recovery start from.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { Archive } from '../../src/archive/archive.ts'
import { parsePoint } from '../../src/core/restore-point.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import {
  type ExecuteOptions,
  executeRestore,
  type RestoreReport,
} from '../../src/recovery/execute-restore.ts'
import { planFromArchive, planRestore } from '../../src/recovery/plan-restore.ts'
import type { RestorePlan } from '../../src/recovery/restore-plan.ts'
import { type ArchiveRig, archiveRig } from './archive-rig.ts'
import type { TestServer } from './servers.ts'

export interface RestoreRig extends AsyncDisposable {
  readonly archive: ArchiveRig
  backUp(): Promise<void>
  plan(to: string, skipGtids?: readonly string[]): Promise<RestorePlan>
  restore(
    plan: RestorePlan,
    target: TestServer,
    more?: Pick<ExecuteOptions, 'emit' | 'deferFromBytes'>,
  ): Promise<RestoreReport>
  /** The same in a process of its own, which dies at once when `kill` is aborted; its exit code is null then. */
  restoreInProcess(
    to: string,
    target: TestServer,
    kill?: AbortSignal,
  ): Promise<{ readonly code: number | null; readonly output: string }>
}

export async function restoreRig(server: TestServer): Promise<RestoreRig> {
  const rig = await archiveRig(server, { inDirectory: true })
  const { source } = rig
  return {
    archive: rig,
    async backUp() {
      await using session = await source.beginBackup('logical', 'dump')
      await session.commit(await dumpLogical({ settings: server.settings(), sink: session }))
    },
    plan: (to, skipGtids = []) => planOf(source, to, skipGtids),
    async restore(plan, target, more) {
      return await executeRestore(plan, {
        settings: target.settings(),
        backup: await source.openBackup(plan.base.id),
        archive: await Archive.open(source),
        ...more,
      })
    },
    async restoreInProcess(to, target, kill) {
      const program = path.join(import.meta.dirname, 'restore-process.ts')
      const child = spawn(
        process.execPath,
        [program, path.join(rig.folder, 'repository'), to, String(target.port)],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      let output = ''
      child.stdout.on('data', (data: Buffer) => (output += data.toString()))
      child.stderr.on('data', (data: Buffer) => (output += data.toString()))
      kill?.addEventListener('abort', () => child.kill('SIGKILL'))
      await once(child, 'close')
      return { code: child.exitCode, output }
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  }
}

export async function planOf(
  source: ArchiveRig['source'],
  to: string,
  skipGtids: readonly string[],
): Promise<RestorePlan> {
  const archive = await Archive.open(source)
  const backups = []
  for (const { id } of await source.listBackups()) backups.push(await source.readBackup(id))
  const planning = planRestore({
    source: source.name,
    backups,
    segments: archive.history(),
    point: parsePoint(to),
    skipGtids,
  })
  return planFromArchive(planning, (segment) => Promise.resolve(archive.transactionsOf(segment)))
}
