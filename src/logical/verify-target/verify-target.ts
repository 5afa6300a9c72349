// Whether a server holds what a backup says: every definition, every row by its bytes; what differs is named down to the cell.
import type { BackupOrigin, BackupSource } from '../../core/backup.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import type { EmitEvent } from '../../core/events.ts'
import { type InstanceFacts, inspectInstance } from '../../instance/instance-facts.ts'
import { openReadSession } from '../../instance/read-session.ts'
import { releaseNumber, seriesOf } from '../../instance/server-release.ts'
import type { Connection } from '../../wire/connection.ts'
import { differingText, readComputed } from '../computed-values.ts'
import { type LogicalContent, parseLogicalContent } from '../content.ts'
import { selectContent } from '../definition-statements.ts'
import { logicalDialectOf } from '../dialects.ts'
import { checkNameCase } from '../name-case.ts'
import { everything, type Selection } from '../selection.ts'
import { withEndOfTime } from '../translate/end-of-time.ts'
import { compareDefinitions, type Rewording, type Wording } from './compare-definitions.ts'
import { compareRows } from './compare-rows.ts'
import type { ComparedTable } from './compared-table.ts'
import { readTarget, tablesToCompare } from './read-target.ts'
import { findRows } from './row-finder.ts'
import type { TargetDifference } from './target-difference.ts'

export interface VerifyTargetOptions {
  readonly settings: ConnectionSettings
  readonly backup: BackupSource
  /** Everything that the backup holds by default. */
  readonly selection?: Selection
  /** Sessions that read rows, 2 by default. */
  readonly threads?: number
  /** What a load has told that it could not create: 'view shop.broken'. */
  readonly notCreated?: ReadonlySet<string>
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export interface TargetVerification {
  readonly definitions: number
  readonly tables: number
  readonly rows: number
  readonly bytes: number
  /** None: the target holds what the backup says. */
  readonly differences: readonly TargetDifference[]
  /** Definitions that another patch release than that of the source words in another way: whether they mean the same is not known. */
  readonly rewordings: readonly Rewording[]
  /** What was not compared or is known not to come back, one sentence each. */
  readonly notes: readonly string[]
}

/**
 * Reads only. Nobody should write to the target meanwhile, or it differs from the backup.
 * @throws HoldfastError USAGE for a selection that the backup has not, VERSION_MISMATCH, and what connecting and reading throw
 */
export async function verifyTarget(options: VerifyTargetOptions): Promise<TargetVerification> {
  const { settings, signal, emit = () => undefined, selection = everything } = options
  const content = parseLogicalContent(options.backup.content)
  const schemas = selectContent(content, selection)
  await using control = await openReadSession(settings, signal)
  const facts = await inspectInstance(control, signal === undefined ? {} : { signal })
  const backup = withEndOfTime(options.backup, content, facts)
  checkNameCase(
    content,
    facts.lowerCaseTableNames,
    'Compare with a server that has the same lower_case_table_names as the source.',
  )
  emit({ type: 'phase', phase: 'comparing definitions' })
  const dialect = logicalDialectOf(facts.flavour)
  const there = await readTarget(control, dialect, content, schemas, signal)
  const wording = wordingOf(content, backup.origin, facts)
  const definitions = compareDefinitions({
    backup: schemas,
    target: there,
    wording,
    isWhole: content.parts !== 'data',
    notCreated: options.notCreated ?? new Set(),
  })
  const { tables, differences } = tablesToCompare(schemas, there, { isSameVersion: wording === 'same' })
  const read = await compareRows({
    settings,
    backup,
    tables,
    canUseRanges: facts.flavour === backup.origin.flavour,
    threads: options.threads ?? 2,
    emit,
    signal,
  })
  const rows = await findRows({ ...options, backup }, control, read)
  const computed = await computedDifferences(control, tables, signal)
  const cannot = new Set(differences.map(({ object }) => object))
  return {
    definitions: definitions.definitions,
    tables: read.length,
    rows: read.reduce((sum, { found }) => sum + found.rows, 0),
    bytes: read.reduce((sum, table) => sum + table.bytes, 0),
    differences: [
      ...definitions.differences.filter(({ object }) => !cannot.has(object)),
      ...differences,
      ...rows.differences,
      ...computed,
    ],
    rewordings: definitions.rewordings.filter(({ object }) => !cannot.has(object)),
    notes: [...definitions.notes, ...rows.notes],
  }
}

/** Values that the backup does not hold, but can tell from others. */
async function computedDifferences(
  control: Connection,
  tables: readonly ComparedTable[],
  signal: AbortSignal | undefined,
): Promise<readonly TargetDifference[]> {
  const differences: TargetDifference[] = []
  for (const { schema, content, from, hasComputed } of tables) {
    if (content.computed === undefined || !hasComputed) continue
    const found = await readComputed(control, content.computed.columns, from, { signal })
    if (found.digest === content.computed.digest) continue
    const text = differingText(schema, content.name, found)
    differences.push({ kind: 'computed', object: `table ${schema}.${content.name}`, text })
  }
  return differences
}

function wordingOf(
  { imported }: LogicalContent,
  { flavour, serverVersion, isTranslated }: BackupOrigin,
  target: InstanceFacts,
): Wording {
  // Other programs word definitions in their own way, and so do we.
  if (imported !== undefined || isTranslated === true || target.flavour !== flavour) return 'other'
  if (target.version === serverVersion) return 'same'
  return seriesOf(target.release) === seriesOf(releaseNumber(serverVersion)) ? 'alike' : 'other'
}
