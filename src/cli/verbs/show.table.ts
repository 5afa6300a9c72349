// The table of `holdfast show`.
import { identityOption, outputOptions, repositoryOption, sourceArgument } from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const showVerb: VerbSpec = {
  name: 'show',
  group: 'See',
  summary: 'show one backup: its server, its recovery point, what is in it',
  json: 'document',
  examples: [
    {
      says: 'The newest backup',
      command: 'holdfast show shop --repository /backup/holdfast --identity recovery.key',
    },
    {
      says: 'A certain one',
      command:
        'holdfast show shop 20261123T051106Z-logical-7c41 --repository /backup/holdfast --identity recovery.key',
    },
  ],
  arguments: [
    sourceArgument,
    {
      name: 'BACKUP',
      isRequired: false,
      help: 'id of the backup, or the beginning of it (default: the newest)',
    },
  ],
  options: [repositoryOption, identityOption, ...outputOptions],
  exits: [1, 10, 12, 30],
  load: () => import('./show.ts'),
}
