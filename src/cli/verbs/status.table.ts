// The table of `holdfast status`.
import {
  identityOption,
  optionalSourceArgument,
  outputOptions,
  repositoryOption,
} from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const statusVerb: VerbSpec = {
  name: 'status',
  group: 'See',
  summary: 'tell how well each instance is protected at this moment',
  json: 'document',
  examples: [
    { says: 'Everything in a repository', command: 'holdfast status --repository /backup/holdfast' },
    {
      says: 'For monitoring: exit status 32 says that something is wrong',
      command: 'holdfast status shop --repository /backup/holdfast --json',
    },
  ],
  notes: [
    'The newest backup, the end of the archive, and how the archiver is, as far as it ran on this machine. Exit status 32 means that commits are not ' +
      'archived as they should be: the archiver does not run, the repository is away for it, its spool is full, or the source no longer waits for it.',
    'While the repository cannot be reached, what archivers on this machine say of themselves is told, how long their spools last at the rate so far, and the ' +
      'exit status is 10.',
  ],
  arguments: [optionalSourceArgument],
  options: [
    repositoryOption,
    identityOption,
    {
      name: 'spool',
      kind: 'text',
      value: 'DIR',
      group: 'Status',
      env: 'HOLDFAST_SPOOL',
      help: 'the --spool of holdfast stream (default: under the state directory)',
    },
    ...outputOptions,
  ],
  exits: [1, 10, 12, 30, 32],
  load: () => import('./status.ts'),
}
