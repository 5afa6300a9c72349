// What kinds of servers can hold: the rules of translation ask for features, never for flavours and versions.
import type { Flavour } from '../../core/flavour.ts'

export interface ServerKind {
  readonly flavour: Flavour
  /** As the server calls itself. */
  readonly version: string
  /** See releaseNumber. */
  readonly release: number
}

export interface ServerFeatures {
  /** `text`: JSON is LONGTEXT with a check. */
  readonly json: 'type' | 'text'
  /** Types that not every server has. */
  readonly types: ReadonlySet<string>
  readonly functionalKeys: boolean
  readonly vectorKeys: boolean
  /** Unique keys over whole BLOB and TEXT columns. */
  readonly longUniqueKeys: boolean
  /** Full-text parsers can be named that this server does not bring along. */
  readonly fulltextParsers: boolean
  /** How a key is told that the optimizer does not use. */
  readonly unusedKey: 'INVISIBLE' | 'IGNORED'
  /** CHECK … NOT ENFORCED, and ALTER CHECK. */
  readonly unenforcedChecks: boolean
  /** Names of checks are of a schema, not of a table. */
  readonly checksOfSchema: boolean
  readonly systemVersioning: boolean
  readonly sequences: boolean
  readonly packages: boolean
  /** COMMENT of a schema. */
  readonly schemaComments: boolean
  readonly readOnlySchemas: boolean
  readonly generatedNotNull: boolean
  /** Expressions of defaults must stand in parentheses, and BLOB, TEXT and JSON have no other ones. */
  readonly strictDefaults: boolean
  /** SRID of a spatial column. */
  readonly srids: boolean
  readonly compressedColumns: boolean
  /** Roles are accounts with a host. */
  readonly rolesAreAccounts: boolean
  /** The last second of TIMESTAMP as a versioned row has it that still holds. */
  readonly endOfTime: string
}

export function featuresOf({ flavour, release }: ServerKind): ServerFeatures {
  return flavour === 'mysql' ? mysqlFeatures(release) : mariadbFeatures(release)
}

function mysqlFeatures(release: number): ServerFeatures {
  return {
    json: 'type',
    types: new Set(['geomcollection', 'json', ...(release >= 90_000 ? ['vector'] : [])]),
    functionalKeys: release >= 80_013,
    vectorKeys: false,
    longUniqueKeys: false,
    fulltextParsers: true,
    unusedKey: 'INVISIBLE',
    unenforcedChecks: release >= 80_016,
    checksOfSchema: true,
    systemVersioning: false,
    sequences: false,
    packages: false,
    schemaComments: false,
    readOnlySchemas: release >= 80_022,
    generatedNotNull: true,
    strictDefaults: true,
    srids: true,
    compressedColumns: false,
    rolesAreAccounts: true,
    endOfTime: endOf2038,
  }
}

function mariadbFeatures(release: number): ServerFeatures {
  const types = ['inet6']
  if (release >= 100_700) types.push('uuid')
  if (release >= 101_000) types.push('inet4')
  if (release >= 110_700) types.push('vector')
  if (release >= 120_300) types.push('xmltype')
  return {
    json: 'text',
    types: new Set(types),
    functionalKeys: false,
    vectorKeys: release >= 110_700,
    longUniqueKeys: true,
    fulltextParsers: false,
    unusedKey: 'IGNORED',
    unenforcedChecks: false,
    checksOfSchema: false,
    systemVersioning: true,
    sequences: true,
    packages: true,
    schemaComments: true,
    readOnlySchemas: false,
    generatedNotNull: false,
    strictDefaults: false,
    srids: false,
    compressedColumns: true,
    rolesAreAccounts: false,
    endOfTime: release >= 110_500 ? endOf2106 : endOf2038,
  }
}

const endOf2038 = '2038-01-19 03:14:07.999999'
const endOf2106 = '2106-02-07 06:28:15.999999'

/** Since MariaDB 11.5; a server that was upgraded may still have the older one. */
export const endsOfTime: ReadonlySet<string> = new Set([endOf2038, endOf2106])
