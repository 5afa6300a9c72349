// The table of `holdfast verify`.
import {
  identityOption,
  optionalSourceArgument,
  outputOptions,
  repositoryOption,
} from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const verifyVerb: VerbSpec = {
  name: 'verify',
  group: 'Recover',
  summary: 'check that everything a restore needs is there and undamaged',
  json: 'lines',
  examples: [
    {
      says: 'Manifests, maps, indexes and the presence of every pack',
      command: 'holdfast verify shop --repository /backup/holdfast --identity recovery.key',
    },
    {
      says: 'Every byte, decrypted and compared with its hash',
      command: 'holdfast verify shop --repository /backup/holdfast --identity recovery.key --read-data',
    },
  ],
  notes: [
    'Exit status 30 means that something cannot be restored as it was; each damage is named.',
    'What is gone together with all that speaks of it cannot be missed: the newest segments, or a whole backup. See with holdfast list ' +
      'whether the newest backup and the end of the recovery window are as new as they should be.',
  ],
  arguments: [optionalSourceArgument],
  options: [
    {
      name: 'read-data',
      kind: 'flag',
      group: 'What',
      help: 'read, decrypt and check all data, not only what describes it',
    },
    repositoryOption,
    identityOption,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 12, 30],
  load: () => import('./verify.ts'),
}
