// Whether a target may take a backup: right flavour and release, and nothing there of what is to be restored.
import type { BackupOrigin } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import type { InstanceFacts } from '../instance/instance-facts.ts'
import { releaseNumber } from '../instance/server-release.ts'
import { isSchema } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { LogicalContent, SchemaContent } from './content.ts'

/** Without the patch: 10.11.6 and 10.11.9 are alike. */
function series(release: number): number {
  return Math.floor(release / 100)
}

/** @throws HoldfastError VERSION_MISMATCH */
export function checkVersion(
  origin: Pick<BackupOrigin, 'flavour' | 'serverVersion'>,
  content: LogicalContent,
  target: InstanceFacts,
): void {
  const details = {
    backup: `${origin.flavour} ${origin.serverVersion}`,
    target: `${target.flavour} ${target.version}`,
  }
  if (
    target.flavour !== origin.flavour ||
    series(target.release) < series(releaseNumber(origin.serverVersion))
  ) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `a backup of ${details.backup} cannot be restored into ${details.target}`,
      details,
    )
  }
  const { lowerCaseTableNames } = content.server
  if (target.lowerCaseTableNames !== lowerCaseTableNames) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `lower_case_table_names is ${lowerCaseTableNames} in the backup and ${target.lowerCaseTableNames} on the target`,
      details,
      { hint: 'Initialise the target with the same lower_case_table_names as the source.' },
    )
  }
}

const shownObjects = 20

/**
 * Schemas of the target that are there already, by name, and empty as far as the backup is concerned.
 * @throws HoldfastError TARGET_NOT_EMPTY naming what is in the way; nothing was changed then
 */
export async function presentSchemas(
  connection: Connection,
  schemas: readonly SchemaContent[],
  isWholeSchema: boolean,
): Promise<ReadonlySet<string>> {
  if (schemas.length === 0) return new Set()
  const isOurs = schemas.map((schema) => isSchema('SCHEMA_NAME', schema.name)).join(' OR ')
  const rows = await connection.query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE ${isOurs}`,
  )
  const inTheWay: string[] = []
  for (const name of rows.map((row) => textOf(row, 'name'))) {
    const schema = schemas.find((candidate) => candidate.name === name)
    const objects = await objectsIn(connection, name)
    const wanted = new Set(
      schema === undefined
        ? []
        : [...schema.tables, ...schema.views, ...schema.sequences].map((relation) => relation.name),
    )
    inTheWay.push(
      ...objects
        .filter((object) => isWholeSchema || wanted.has(object.name))
        .map((object) => `${object.kind} ${name}.${object.name}`),
    )
  }
  if (inTheWay.length > 0) {
    const more = inTheWay.length > shownObjects ? ` and ${inTheWay.length - shownObjects} more` : ''
    throw new HoldfastError(
      'TARGET_NOT_EMPTY',
      `the target already has ${inTheWay.slice(0, shownObjects).join(', ')}${more}`,
      { objects: inTheWay.length },
    )
  }
  return new Set(rows.map((row) => textOf(row, 'name')))
}

async function objectsIn(connection: Connection, schema: string) {
  const rows = await connection.query(
    `SELECT 'table' AS kind, TABLE_NAME AS name FROM information_schema.TABLES WHERE ${isSchema('TABLE_SCHEMA', schema)}
     UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES WHERE ${isSchema('ROUTINE_SCHEMA', schema)}
     UNION ALL SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE ${isSchema('EVENT_SCHEMA', schema)}`,
  )
  return rows.map((row) => ({ kind: textOf(row, 'kind'), name: textOf(row, 'name') }))
}
