// An account of this machine by its name, as the system knows it.
import { HoldfastError } from '../core/errors.ts'
import type { Owner } from '../physical/restore/restore-files.ts'
import { runProgram } from '../process/run-program.ts'

/** `user`, `user:group` or their numbers. Throws USAGE for what is not known here, and for anybody but root. */
export async function findOwner(text: string, signal: AbortSignal): Promise<Owner> {
  const [user = '', group, ...more] = text.split(':')
  if (user === '' || group === '' || more.length > 0)
    throw new HoldfastError('USAGE', `--owner is USER or USER:GROUP, not '${text}'`)
  if (process.getuid?.() !== 0)
    throw new HoldfastError('USAGE', '--owner: root alone can give files to others')
  const [uid, ownGroup] = await entryOf('passwd', user, signal)
  const gid = group === undefined ? ownGroup : (await entryOf('group', group, signal))[0]
  return { uid, gid }
}

/** Numbers three and four of a line: `mysql:x:101:103:…`, `mysql:x:103:`. */
async function entryOf(
  database: 'passwd' | 'group',
  name: string,
  signal: AbortSignal,
): Promise<readonly [number, number]> {
  const line = await runProgram('getent', [database, name], { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    const what = database === 'passwd' ? 'user' : 'group'
    throw new HoldfastError(
      'USAGE',
      `--owner: this machine knows no ${what} ${name}`,
      { name },
      { cause: error },
    )
  })
  const [, , first, second] = line.trim().split(':')
  return [Number(first), Number(second)]
}
