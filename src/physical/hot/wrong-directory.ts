// The refusal of a data directory that is not that of the server at the other end of the connection.
import { HoldfastError } from '../../core/errors.ts'

export function wrongDirectory(directory: string, why: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${directory} on this machine is not the data directory of that server: ${why}`,
    { directory },
    {
      hint: 'Run holdfast on the host of the server; where it runs in a container, name its directory as it is seen from here with --datadir DIR.',
    },
  )
}
