// Accounts and roles with their grants, for another kind of server.
import { quoteName } from '../../instance/sql-text.ts'
import { accountName } from '../account-name.ts'
import type { AccountContent } from '../content.ts'
import { createAccount, type Login, parseAccount } from './account-text.ts'
import { type Grant, grantStatement, type PrivilegeGrant, parseGrant } from './grant-text.ts'
import { privilegeFor } from './privileges.ts'
import type { Tell, TranslationReport } from './report.ts'
import { featuresOf, type ServerKind } from './server-features.ts'
import type { TargetServer } from './target-server.ts'

// MySQL's USERNAME_CHAR_LENGTH; MariaDB takes 128.
const longestUser = 32

export function translatedAccounts(
  accounts: readonly AccountContent[],
  source: ServerKind,
  target: TargetServer,
  report: TranslationReport,
): AccountContent[] {
  const { rolesAreAccounts } = featuresOf(target)
  const translated: AccountContent[] = []
  // There a role is an account of any host: granted, it would give what that account may do.
  const users = accounts.filter(({ isRole, host }) => !isRole && host === '%').map(({ user }) => user)
  const lostRoles = new Set(rolesAreAccounts && source.flavour !== target.flavour ? users : [])
  for (const account of accounts) {
    const object = `account ${accountName(account)}`
    const tell = report.of(object)
    const isTwice =
      !rolesAreAccounts && account.isRole && translated.some((one) => one.isRole && one.user === account.user)
    const isLong = Array.from(account.user).length > longestUser
    if (account.isRole && lostRoles.has(account.user))
      tell('dropped', `roles are accounts there, and there is an account ${account.user}@%`)
    else if (isLong && target.flavour === 'mysql')
      tell('dropped', `a name has up to ${longestUser} characters there`)
    else if (isTwice) tell('dropped', 'there is another role of this name, and roles have no hosts there')
    else if (account.isRole && account.create.length === 0 && rolesAreAccounts)
      tell('dropped', 'what everybody may do: grant it to the accounts that need it')
    else translated.push(translatedAccount({ account, object, source, target, tell, lostRoles }))
  }
  // Users first: a role may be administered by one.
  return rolesAreAccounts ? translated : translated.toSorted((a, b) => Number(a.isRole) - Number(b.isRole))
}

interface AccountRequest {
  readonly account: AccountContent
  readonly object: string
  readonly source: ServerKind
  readonly target: TargetServer
  readonly tell: Tell
  /** Roles that are left out. */
  readonly lostRoles: ReadonlySet<string>
}

function translatedAccount(request: AccountRequest): AccountContent {
  const { account, source, target, object } = request
  const isOtherFlavour = source.flavour !== target.flavour
  const roleHost = featuresOf(target).rolesAreAccounts && isOtherFlavour ? '%' : ''
  const { user, isRole } = account
  const host = isRole && isOtherFlavour ? roleHost : account.host
  const name =
    isRole && isOtherFlavour
      ? quoteName(user)
      : host === '' && isRole
        ? quoteName(user)
        : `${quoteName(user)}@${quoteName(host)}`
  const grants = account.grants.map((line) => ({ line, grant: parseGrant(line, object) }))
  const revoked = isOtherFlavour
    ? revokedNames(
        grants.map(({ grant }) => grant),
        request.tell,
      )
    : new Set<string>()
  return {
    user,
    host,
    isRole,
    create: isRole && account.create.length === 0 ? [] : [createStatement(name, request)],
    grants: grants.flatMap(({ line, grant }) => translatedGrant(line, grant, { ...request, name, revoked })),
    after: account.after.flatMap((line) => translatedDefaultRole(line, name, request)),
  }
}

function createStatement(name: string, { account, object, source, target, tell }: AccountRequest): string {
  const [statement = ''] = account.create
  const isOtherFlavour = source.flavour !== target.flavour
  if (account.isRole && isOtherFlavour) return `CREATE ROLE ${name}`
  if (account.isRole) return statement
  const text = parseAccount(statement, object)
  const login = loginOn(text.login, target, isOtherFlavour)
  if (!isOtherFlavour && login === text.login) return statement
  if (login !== text.login) tellOfLogin(text.login, tell)
  if (isOtherFlavour) for (const other of text.others) tell('dropped', other)
  return createAccount(name, { ...text, login }, target.flavour)
}

/** A way to log in that the target does not know makes of it an account that nobody logs in with. */
function loginOn(login: Login, { loginPlugins }: TargetServer, isOtherFlavour: boolean): Login {
  if (login.kind === 'open') return login
  if (login.kind === 'native') {
    return loginPlugins.has('mysql_native_password') && (!isOtherFlavour || login.hash.startsWith('*'))
      ? login
      : { kind: 'closed' }
  }
  const isKnown = login.kind === 'other' && login.plugins.some((plugin) => loginPlugins.has(plugin))
  return isKnown && !isOtherFlavour ? login : { kind: 'closed' }
}

function tellOfLogin(login: Login, tell: Tell): void {
  const plugins = login.kind === 'other' ? login.plugins : ['mysql_native_password']
  tell(
    'changed',
    `locked, and without a password: ${plugins.join(' or ')} means nothing there; give it a password and unlock it`,
  )
}

/** Partial revokes: what an account may do everywhere but in some schemas it may nowhere, rather than everywhere. */
function revokedNames(grants: readonly Grant[], tell: Tell): ReadonlySet<string> {
  const names = new Set<string>()
  for (const grant of grants) {
    if (grant.kind !== 'revoke') continue
    const list = grant.privileges.map(({ name }) => name)
    for (const name of list) names.add(name)
    tell(
      'dropped',
      `${list.join(', ')} on *.*, which it has not on ${grant.on.replaceAll('`', '')}: there are no partial revokes`,
    )
  }
  return names
}

interface GrantRequest extends AccountRequest {
  /** Quoted. */
  readonly name: string
  readonly revoked: ReadonlySet<string>
}

function translatedGrant(line: string, grant: Grant, request: GrantRequest): readonly string[] {
  const { source, target, tell, name, lostRoles } = request
  const isOtherFlavour = source.flavour !== target.flavour
  if (grant.kind === 'grant') return grantedOn(line, grant, request)
  if (!isOtherFlavour) return [line]
  if (grant.kind === 'roles') {
    const admin = grant.isWithAdmin ? ' WITH ADMIN OPTION' : ''
    const roles = grant.roles.filter((role) => !lostRoles.has(role))
    return roles.map((role) => `GRANT ${quoteName(role)} TO ${name}${admin}`)
  }
  if (grant.kind === 'other') tell('dropped', line.replace(/ TO .*$/s, ''))
  return []
}

function grantedOn(line: string, grant: PrivilegeGrant, request: GrantRequest): readonly string[] {
  const { target, tell, name, revoked, source } = request
  const [kind = ''] = grant.on.split(' ')
  if (target.flavour === 'mysql' && source.flavour === 'mariadb' && kind === 'PACKAGE') {
    tell(
      'dropped',
      `${grant.privileges.map((one) => one.name).join(', ')} ON ${grant.on}: there are no packages`,
    )
    return []
  }
  const unknown: string[] = []
  const privileges = grant.privileges.flatMap((privilege) => {
    if (grant.isGlobal && revoked.has(privilege.name)) return []
    const known = privilegeFor(privilege.name, target)
    if (known === undefined) unknown.push(privilege.name)
    return known === undefined ? [] : [{ ...privilege, name: known }]
  })
  if (unknown.length > 0) tell('dropped', `privileges that are not known there: ${unknown.join(', ')}`)
  if (unknown.length === 0 && source.flavour === target.flavour) return [line]
  const list = privileges.filter(
    (one, at) =>
      privileges.findIndex((other) => other.name === one.name && other.columns === one.columns) === at,
  )
  return list.length === 0 ? [] : [grantStatement({ ...grant, privileges: list }, name)]
}

function translatedDefaultRole(
  line: string,
  name: string,
  { source, target, tell, lostRoles }: AccountRequest,
): readonly string[] {
  if (source.flavour === target.flavour) return [line]
  // ALTER USER … DEFAULT ROLE `r`@`%`,… and SET DEFAULT ROLE `r` FOR …
  const list = /(?:DEFAULT ROLE) (.*?)(?: FOR .*)?$/s.exec(line)?.[1] ?? ''
  const [first, ...more] = [...list.matchAll(/`((?:[^`]|``)*)`(?:@`(?:[^`]|``)*`)?/g)].flatMap(
    ([, role = '']) => (lostRoles.has(role.replaceAll('``', '`')) ? [] : [`\`${role}\``]),
  )
  if (first === undefined) return []
  if (target.flavour === 'mysql') return [`ALTER USER ${name} DEFAULT ROLE ${[first, ...more].join(', ')}`]
  if (more.length > 0) tell('changed', `its default role is ${first} alone: there can be only one`)
  return [`SET DEFAULT ROLE ${first} FOR ${name}`]
}
