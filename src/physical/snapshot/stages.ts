// The stages of a backup by snapshot at which somebody else may have something to do. Named as mylvmbackup names its hooks.

export const stages = [
  'preconnect',
  'preflush',
  'presnapshot',
  'preunlock',
  'predisconnect',
  'premount',
  'prebackup',
  'precleanup',
  'backupsuccess',
  'backupfailure',
] as const
export type Stage = (typeof stages)[number]

/** What is done at a stage, by whoever wants to: it is waited for. */
export type AtStage = (stage: Stage) => Promise<void>
