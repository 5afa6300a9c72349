// One privilege that a purpose needs, and why.

export type Purpose = 'backup' | 'clone' | 'hot' | 'snapshot' | 'stream' | 'restore'

export interface PrivilegeNeed {
  /** As it is written in GRANT, on *.*. */
  readonly privilege: string
  /** What it is for, or what is worse without it. */
  readonly reason: string
  /** False: the work is done without it, with what `reason` says. */
  readonly isRequired: boolean
}

/** What a schema can be granted on both flavours: whoever gives ALL PRIVILEGES on one needs all of them. */
export const schemaPrivileges = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'CREATE',
  'ALTER',
  'DROP',
  'INDEX',
  'REFERENCES',
  'CREATE VIEW',
  'SHOW VIEW',
  'CREATE ROUTINE',
  'ALTER ROUTINE',
  'EXECUTE',
  'TRIGGER',
  'EVENT',
  'LOCK TABLES',
  'CREATE TEMPORARY TABLES',
] as const

export const definersReason = 'creates views and routines of other definers'

export function required(privilege: string, reason: string): PrivilegeNeed {
  return { privilege, reason, isRequired: true }
}

export function helpful(privilege: string, reason: string): PrivilegeNeed {
  return { privilege, reason, isRequired: false }
}
