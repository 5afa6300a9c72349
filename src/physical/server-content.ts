// What a server that was asked tells of the server its files need: the `server` of a physical backup.
import { machine } from 'node:os'
import path from 'node:path'
import type { ServerVariables } from '../instance/server-variables.ts'
import type { PhysicalContent } from './content.ts'

export function serverContent(variables: ServerVariables): PhysicalContent['server'] {
  const base = binlogBase(variables)
  const isEncrypted = variables.isOn('innodb_encrypt_tables') || variables.isOn('innodb_encrypt_log')
  return {
    pageBytes: variables.number('innodb_page_size'),
    lowerCaseTableNames: variables.number('lower_case_table_names'),
    dataFilePath: variables.text('innodb_data_file_path'),
    ...(base === undefined ? {} : { binlogBase: path.basename(base) }),
    architecture: machine(),
    plugins: [],
    ...(isEncrypted ? { keyring: 'innodb_encrypt_tables or innodb_encrypt_log is on' } : {}),
  }
}

/** What the paths of the binary logs begin with; undefined where the server writes none. */
export function binlogBase(variables: ServerVariables): string | undefined {
  const base = variables.get('log_bin_basename')
  return variables.isOn('log_bin') && base !== undefined && base !== '' ? base : undefined
}
