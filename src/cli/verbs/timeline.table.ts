// The table of `holdfast timeline`.
import { identityOption, outputOptions, repositoryOption, sourceArgument } from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const timelineVerb: VerbSpec = {
  name: 'timeline',
  group: 'See',
  summary: 'draw the history of an instance: backups, timelines, holes',
  json: 'document',
  examples: [
    {
      says: 'In a terminal',
      command: 'holdfast timeline shop --repository /backup/holdfast --identity recovery.key',
    },
  ],
  notes: [
    'A timeline is one unbroken history. A new one begins where a server took over from another, where a log was reset or purged, and ' +
      'where a server came back with less than was archived. Its files may have names that were there before: nothing is ever written over.',
  ],
  arguments: [sourceArgument],
  options: [
    {
      name: 'width',
      kind: 'integer',
      value: 'N',
      range: { from: 40, to: 1000 },
      group: 'Drawing',
      help: 'no line of the drawing is longer than this (default: 100)',
    },
    repositoryOption,
    identityOption,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 12],
  load: () => import('./timeline.ts'),
}
