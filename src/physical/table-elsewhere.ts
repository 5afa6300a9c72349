// Tables of MariaDB with DATA DIRECTORY: their files lie outside of the data directory, where a link (.isl) says.
import { HoldfastError } from '../core/errors.ts'

/** `link` is relative to the data directory. A server that finds it again opens the file it names: on the same host, that of the live table. */
export function tableElsewhere(link: string): HoldfastError {
  const table = link.replace(/\.isl$/, '')
  return new HoldfastError(
    'UNSUPPORTED',
    `${table} lies outside of the data directory (DATA DIRECTORY), and a backup of files would not bring it back to where it lies`,
    { link },
    { hint: 'Take a logical backup (--method dump).' },
  )
}
