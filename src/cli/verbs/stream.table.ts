// The table of `holdfast stream`.
import {
  compressLevelOption,
  connectionOptions,
  identityOption,
  nameOption,
  outputOptions,
  repositoryOption,
  urlArgument,
} from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const streamVerb: VerbSpec = {
  name: 'stream',
  group: 'Protect',
  summary: 'keep the binary log of a server in the repository, as it is written',
  json: 'lines',
  examples: [
    {
      says: 'Until it is stopped',
      command: 'holdfast stream mysql://backup@db1/ --repository /backup/holdfast',
    },
    {
      says: 'From a timer: what there is by now, then end',
      command: 'holdfast stream mysql://backup@db1/ --repository /backup/holdfast --until-caught-up',
    },
    {
      says: 'Acknowledged to the server only when durable: no committed transaction can be lost',
      command: 'holdfast stream mysql://backup@db1/ --repository /backup/holdfast --semi-sync',
    },
  ],
  notes: [
    'Connects as a replica does and goes on exactly where the archive ends, also after kill -9 or a lost connection. ' +
      'Stop it with Ctrl-C or SIGTERM; what was received is sealed into the repository first.',
  ],
  arguments: [urlArgument],
  options: [
    repositoryOption,
    {
      ...identityOption,
      help: 'file with the recovery key; needed only where the spool of an encrypted repository was lost',
    },
    nameOption,
    compressLevelOption,
    {
      name: 'until-caught-up',
      kind: 'flag',
      group: 'Stream',
      help: 'end when everything written so far is kept',
    },
    {
      name: 'semi-sync',
      kind: 'flag',
      group: 'Stream',
      help: 'acknowledge transactions to the source once they are durable here',
    },
    {
      name: 'ack-after',
      kind: 'text',
      value: 'PLACE',
      choices: ['spool', 'repository'],
      group: 'Stream',
      help: 'acknowledge once they are durable in the spool (default), or not before they are stored in the repository; implies --semi-sync',
    },
    {
      name: 'spool',
      kind: 'text',
      value: 'DIR',
      group: 'Stream',
      env: 'HOLDFAST_SPOOL',
      help: 'where events wait, durably, until their segment is sealed (default: under the state directory)',
    },
    {
      name: 'spool-size',
      kind: 'bytes',
      value: 'BYTES',
      // Two segments that are cut within a transaction.
      range: { from: 64 * 1024 * 1024 },
      group: 'Stream',
      help: 'how much may wait there while the repository is away or slow; then nothing more is taken from the source (default: 4G)',
    },
    {
      name: 'seal-seconds',
      kind: 'integer',
      value: 'N',
      range: { from: 1 },
      group: 'Stream',
      help: 'put what has come into the repository at least this often (default: 30)',
    },
    {
      name: 'no-compact',
      kind: 'flag',
      group: 'Stream',
      help: 'leave small segments as they are: otherwise those of some hours are put together into one object, now and then',
    },
    {
      name: 'metrics-file',
      kind: 'text',
      value: 'FILE',
      group: 'Stream',
      help: 'write metrics for Prometheus there every two seconds, for the textfile collector: FILE.prom',
    },
    {
      name: 'new-timeline',
      kind: 'flag',
      group: 'Stream',
      help: 'start a new timeline where the archive cannot go on: logs were purged, or the server has another history',
    },
    {
      name: 'from-backup',
      kind: 'text',
      value: 'ID',
      group: 'Stream',
      help: 'where the archive or a new timeline begins: with the file in which this backup ends, or `latest`, instead of the oldest file that the source has',
    },
    ...connectionOptions,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 11, 12, 20, 21, 22, 23, 30],
  load: () => import('./stream.ts'),
}
