// Names of all objects in a repository, in one place; docs/format/repository.md lists the same.
import { HoldfastError } from '../core/errors.ts'
import type { SourceIdentity } from '../core/source-identity.ts'

export const repositoryKey = 'holdfast.json'
export const recipientsFolder = 'keys/'
export const sourcesFolder = 'sources/'

const sourceNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Throws USAGE for a name that cannot be a folder everywhere. */
export function checkSourceName(name: string): string {
  if (sourceNamePattern.test(name)) return name
  throw new HoldfastError(
    'USAGE',
    `'${name.slice(0, 100)}' cannot be the name of a source`,
    { name },
    { hint: 'Use 1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit.' },
  )
}

/** Keys below sources/<name>/. */
export interface SourceLayout {
  readonly identity: string
  readonly servers: string
  readonly keys: string
  readonly packs: string
  readonly backups: string
  readonly binlog: string
  readonly evidence: string
  readonly lease: string
  readonly archiver: string
}

export function sourceLayout(name: string): SourceLayout {
  const root = `${sourcesFolder}${checkSourceName(name)}/`
  return {
    identity: `${root}source.json`,
    servers: `${root}servers/`,
    keys: `${root}keys/`,
    packs: `${root}packs/`,
    backups: `${root}backups/`,
    binlog: `${root}binlog/`,
    evidence: `${root}evidence/`,
    lease: `${root}lease`,
    archiver: `${root}archiver`,
  }
}

export function packKey(layout: SourceLayout, sha256: string): string {
  return `${layout.packs}${sha256.slice(0, 2)}/${sha256}`
}

/** Where it is noted that a server is the same source as the first one: its successor. */
export function serverKey(
  { servers }: SourceLayout,
  { serverUuid, serverId, gtidDomainId }: SourceIdentity,
): string {
  return `${servers}${serverUuid ?? `${gtidDomainId ?? 0}-${serverId}`}.json`
}
