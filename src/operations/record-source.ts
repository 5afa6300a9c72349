// Which server a backup is of, and what stands in the way of going on from it: looked at before anything is stored.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import type { EmitEvent } from '../core/events.ts'
import { type InstanceFacts, inspectInstance } from '../instance/instance-facts.ts'
import type { LogCoverage } from '../instance/log-coverage.ts'
import { readLogCoverage } from '../instance/read-log-coverage.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { Connection } from '../wire/connection.ts'
import type { UseCase } from './backup-instance.ts'
import { sourceIdentity } from './identify-source.ts'
import { logGaps, unseenReplica } from './log-gaps.ts'

/** Answers what was found. Throws what `check` throws of a server that cannot be backed up so, and SOURCE_MISMATCH for another server than before. */
export async function recordSource(
  settings: ConnectionSettings,
  source: SourceRepository,
  { emit, signal }: UseCase,
  check: (facts: InstanceFacts) => void | Promise<void>,
): Promise<InstanceFacts> {
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  await check(facts)
  if (!facts.binlog.isOn) {
    emit({
      type: 'notice',
      level: 'warning',
      message: 'the server has no binary log: this backup can bring back its own moment and nothing after it',
    })
  } else tellLogGaps(await readLogCoverage(connection, { signal }), emit)
  await source.ensure(sourceIdentity(facts), signal)
  return facts
}

/** A backup is whole whatever the log lacks; an archive that is to go on from it is not. */
function tellLogGaps(coverage: LogCoverage, emit: EmitEvent): void {
  for (const { problem } of logGaps(coverage)) {
    const message = `the binary log cannot bring back all that comes after this backup: ${problem}`
    emit({ type: 'notice', level: 'warning', message })
  }
  const unseen = unseenReplica(coverage)
  if (unseen !== undefined) emit({ type: 'notice', level: 'info', message: `${unseen}: see holdfast doctor` })
}
