// The table of `holdfast import`.
import { compressLevelOption, outputOptions, repositoryOption } from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const importVerb: VerbSpec = {
  name: 'import',
  group: 'Protect',
  summary: 'take an existing dump of another program into the repository as a backup',
  json: 'lines',
  examples: [
    {
      says: 'A compressed mysqldump of everything',
      command: 'holdfast import /backup/db1.sql.gz --repository /backup/holdfast --name db1',
    },
    {
      says: 'A folder that mysqldump --tab wrote, which does not say of which schema it is',
      command: 'holdfast import /backup/shop-tab --schema shop --repository /backup/holdfast --name db1',
    },
    {
      says: 'A folder of mydumper, which does not say the version of the server',
      command:
        'holdfast import /backup/db1-dump --server-version 8.0.36 --repository /backup/holdfast --name db1',
    },
  ],
  notes: [
    'Taken in are SQL of mysqldump and mariadb-dump (plain, gzip, zstd), folders of their --tab and --dir, of mydumper, and of MySQL Shell ' +
      'and MariaDB Shell. The backup is restored like any other. What a dump does not hold cannot come back: digits of FLOAT, and ' +
      'accounts; that is told. A dump that is not whole, or says something that is not known, is refused with its place.',
    'Where the dump has its place in the binary log, the archive of binary logs is replayed behind it; otherwise it brings back its own moment.',
  ],
  arguments: [{ name: 'DUMP', isRequired: true, help: 'a file or a folder' }],
  options: [
    repositoryOption,
    {
      name: 'name',
      kind: 'text',
      value: 'NAME',
      group: 'Repository',
      isRequired: true,
      help: 'name of the instance in the repository that the dump is of',
    },
    compressLevelOption,
    {
      name: 'format',
      kind: 'text',
      value: 'FORMAT',
      choices: ['auto', 'mysqldump', 'tab', 'mydumper', 'mysql-shell'],
      group: 'What',
      help: 'which program wrote it (default: auto, by its files)',
    },
    {
      name: 'schema',
      kind: 'text',
      value: 'NAME',
      group: 'What',
      help: 'the schema of a dump that does not name one: of --tab, or with neither --databases nor --all-databases',
    },
    {
      name: 'character-set',
      kind: 'text',
      value: 'CHARSET',
      choices: ['binary', 'utf8mb4'],
      group: 'What',
      help: 'of the text of --tab, where it cannot be told: utf8mb4 if dumped with --default-character-set=utf8mb4, else binary',
    },
    {
      name: 'server-version',
      kind: 'text',
      value: 'VERSION',
      group: 'What',
      help: 'what SELECT VERSION() said, for dumps of mydumper, which do not have it: 8.0.36, 10.11.6-MariaDB',
    },
    ...outputOptions,
  ],
  exits: [1, 3, 10, 11, 23],
  load: () => import('./import.ts'),
}
