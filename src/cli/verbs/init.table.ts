// The table of `holdfast init`.
import { outputOptions, repositoryOption } from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const initVerb: VerbSpec = {
  name: 'init',
  group: 'Start',
  summary: 'create a repository and its recovery key',
  json: 'document',
  examples: [
    {
      says: 'A repository, its recovery key in a file that only you can read',
      command: 'holdfast init --repository /backup/holdfast --identity-out ~/holdfast-recovery.key',
    },
    {
      says: 'The recovery key on stdout, for a password manager',
      command: 'holdfast init --repository /backup/holdfast | vault-put holdfast',
    },
    {
      says: 'For recipients that you have already, made with age-keygen; no key is printed',
      command: 'holdfast init --repository /backup/holdfast --recipient age1qz...',
    },
  ],
  notes: [
    'Everything in the repository is encrypted for its recipients. Taking backups and streaming need no key; restoring does. ' +
      'Who loses the recovery key loses the backups: keep it where the repository is not.',
  ],
  arguments: [],
  options: [
    repositoryOption,
    {
      name: 'identity-out',
      kind: 'text',
      value: 'FILE',
      group: 'Keys',
      help: 'write the recovery key to this new file (mode 0600) instead of stdout',
    },
    {
      name: 'recipient',
      kind: 'list',
      value: 'AGE1…',
      group: 'Keys',
      help: 'encrypt for these age recipients instead of making a new key',
    },
    { name: 'no-encryption', kind: 'flag', group: 'Keys', help: 'store everything in clear' },
    ...outputOptions,
  ],
  exits: [1],
  load: () => import('./init.ts'),
}
