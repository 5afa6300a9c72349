// One privilege that a purpose needs, and why.

export type Purpose = 'backup' | 'stream' | 'restore'

export interface PrivilegeNeed {
  /** As it is written in GRANT, on *.*. */
  readonly privilege: string
  /** What it is for, or what is worse without it. */
  readonly reason: string
  /** False: the work is done without it, with what `reason` says. */
  readonly isRequired: boolean
}

export function required(privilege: string, reason: string): PrivilegeNeed {
  return { privilege, reason, isRequired: true }
}

export function helpful(privilege: string, reason: string): PrivilegeNeed {
  return { privilege, reason, isRequired: false }
}
