// Accounts that may do less in some schemas than everywhere, which a server must be told to allow.
import { HoldfastError } from '../../core/errors.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf } from '../../wire/row-values.ts'
import type { AccountContent } from '../content.ts'

/**
 * With partial_revokes off a server takes the GRANT on *.* and refuses the REVOKE behind it (ER_NONEXISTING_GRANT): the account would
 * have more than it had.
 * @throws HoldfastError TARGET_MISMATCH
 */
export async function refuseMoreRights(
  connection: Connection,
  toGrant: readonly AccountContent[],
): Promise<void> {
  const names = toGrant
    .filter(({ grants }) => grants.some((grant) => grant.startsWith('REVOKE ')))
    .map(({ user, host }) => `${user}@${host}`)
  if (names.length === 0) return
  const [row = {}] = await connection.query('SELECT @@GLOBAL.partial_revokes AS isOn')
  if (numberOf(row, 'isOn') === 1) return
  throw new HoldfastError(
    'TARGET_MISMATCH',
    `the target has partial_revokes off, and would give more rights than they had to ${names.join(', ')}`,
    { accounts: names.join(', ') },
    {
      hint: 'On the target: SET PERSIST partial_revokes = ON; or leave the accounts of the backup out with --no-accounts. Nothing was changed.',
    },
  )
}
