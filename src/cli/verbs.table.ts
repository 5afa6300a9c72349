// Every verb there is, in the order of the help.
import type { VerbSpec } from './verb.ts'
import { backupVerb } from './verbs/backup.table.ts'
import {
  binlogCompactVerb,
  binlogExportVerb,
  binlogFindVerb,
  binlogListVerb,
  binlogShowVerb,
} from './verbs/binlog.table.ts'
import { doctorVerb } from './verbs/doctor.table.ts'
import { importVerb } from './verbs/import.table.ts'
import { initVerb } from './verbs/init.table.ts'
import { listVerb } from './verbs/list.table.ts'
import { restoreVerb } from './verbs/restore.table.ts'
import { showVerb } from './verbs/show.table.ts'
import { statusVerb } from './verbs/status.table.ts'
import { streamVerb } from './verbs/stream.table.ts'
import { timelineVerb } from './verbs/timeline.table.ts'
import { verifyVerb } from './verbs/verify.table.ts'

export const verbs: readonly VerbSpec[] = [
  initVerb,
  doctorVerb,
  backupVerb,
  importVerb,
  streamVerb,
  binlogCompactVerb,
  statusVerb,
  listVerb,
  showVerb,
  timelineVerb,
  binlogListVerb,
  binlogFindVerb,
  binlogShowVerb,
  binlogExportVerb,
  restoreVerb,
  verifyVerb,
]
