// Creates accounts and roles first, and gives them their grants last.
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'
import { accountName } from './account-name.ts'
import type { AccountContent } from './content.ts'
import type { LogicalDialect } from './dialect.ts'
import { absentPlugins, activeLoginPlugins } from './login-plugins.ts'

export interface AccountPlan {
  readonly toCreate: readonly AccountContent[]
  /** Those, and what an earlier run of the same load has created. */
  readonly ours: readonly AccountContent[]
  readonly toGrant: readonly AccountContent[]
  readonly warnings: readonly string[]
}

/**
 * An account that the target has already keeps its password: the one we are logged in with must not change under us, and whoever set
 * up the server wanted the others. If it is the same account it gets its grants; if not it stays as it is, and that is told. One that logs in
 * in a way which the target does not know cannot be made there, and is left out.
 * @throws HoldfastError TARGET_MISMATCH
 * @param newBefore accounts that were not there when the load was begun, by accountKey
 */
export async function planAccounts(
  connection: Connection,
  dialect: LogicalDialect,
  accounts: readonly AccountContent[],
  newBefore: readonly string[] = [],
): Promise<AccountPlan> {
  // Chosen schemas come without accounts, and whoever loads them need not be allowed to look.
  if (accounts.length === 0) return { toCreate: [], ours: [], toGrant: [], warnings: [] }
  const present = new Map(
    (await dialect.readAccounts(connection)).map((account) => [accountKey(account), account]),
  )
  const begun = new Set(newBefore)
  const plugins = await activeLoginPlugins(connection)
  const toCreate: AccountContent[] = []
  const ours: AccountContent[] = []
  const toGrant: AccountContent[] = []
  const warnings: string[] = []
  for (const account of accounts) {
    const there = present.get(accountKey(account))
    const absent = there === undefined ? absentPlugins(account, plugins) : []
    if (absent.length > 0) {
      warnings.push(
        `account ${accountName(account)} is not restored, nor are its grants: it logs in by ${absent.join(', ')}, which is not loaded on the target`,
      )
      continue
    }
    if (there === undefined) toCreate.push(account)
    if (there === undefined || begun.has(accountKey(account))) {
      ours.push(account)
      const grants = grantsBeyond(account, there)
      toGrant.push({ ...account, grants })
    } else if (there.create.join() === account.create.join()) {
      const grants = grantsBeyond(account, there)
      // Where there is none, as after a restore that was broken off, the default role comes too.
      const isUnset = there.after.length === 0
      toGrant.push({ ...account, grants, after: isUnset ? account.after : [] })
      if (!isUnset && there.after.join() !== account.after.join()) {
        warnings.push(
          `account ${accountName(account)} has another default role on the target than in the backup: it keeps that one`,
        )
      }
    } else {
      warnings.push(
        `account ${accountName(account)} is another one on the target than in the backup: it stays as it is there`,
      )
    }
  }
  await dialect.refuseMoreRights(connection, toGrant)
  return { toCreate, ours, toGrant, warnings }
}

/** What the account has in the backup and not on the target. */
function grantsBeyond(account: AccountContent, there: AccountContent | undefined): string[] {
  const present = new Set(there?.grants.map(grantKey))
  return account.grants.filter((grant) => !present.has(grantKey(grant)))
}

/** MariaDB quotes the names of a proxy by apostrophes, from 11.8.9 on by backticks: the same grant made anew would be there twice. */
function grantKey(grant: string): string {
  return grant.startsWith('GRANT PROXY ON ') ? grant.replaceAll("'", '`') : grant
}

export async function createAccounts(
  connection: Connection,
  accounts: readonly AccountContent[],
): Promise<void> {
  for (const account of accounts) for (const statement of account.create) await connection.run(statement)
}

/** Answers a warning for each grant that the target does not take: it may name a table that is gone, or a privilege of a plugin. */
export async function grantAccounts(
  connection: Connection,
  dialect: LogicalDialect,
  accounts: readonly AccountContent[],
): Promise<readonly string[]> {
  const warnings: string[] = []
  for (const step of ['grants', 'after'] as const) {
    for (const account of accounts) {
      for (const statement of account[step]) {
        try {
          await connection.run(step === 'grants' ? dialect.grantText(statement) : statement)
        } catch (error) {
          const isServers = error instanceof HoldfastError && typeof error.details['errno'] === 'number'
          if (!isServers || error.code === 'PRIVILEGE_MISSING') throw error
          warnings.push(`a grant of ${accountName(account)} was not taken: ${error.message}`)
        }
      }
    }
  }
  return warnings
}

export function accountKey(account: Pick<AccountContent, 'user' | 'host'>): string {
  return `${account.user}\0${account.host}`
}
