// The table of `holdfast list`.
import {
  identityOption,
  optionalSourceArgument,
  outputOptions,
  repositoryOption,
} from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const listVerb: VerbSpec = {
  name: 'list',
  group: 'See',
  summary: 'list instances, their backups and how far each can be recovered',
  json: 'document',
  examples: [
    { says: 'Everything in a repository', command: 'holdfast list --repository /backup/holdfast' },
    {
      says: 'One instance, with sizes',
      command: 'holdfast list shop --repository /backup/holdfast --identity recovery.key',
    },
  ],
  notes: ['Names and times of backups can be listed without the key; sizes and recovery windows need it.'],
  arguments: [optionalSourceArgument],
  options: [repositoryOption, identityOption, ...outputOptions],
  exits: [1, 3, 10, 12, 30],
  load: () => import('./list.ts'),
}
