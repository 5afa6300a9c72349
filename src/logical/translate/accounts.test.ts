import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceKinds, targetOf } from '../../../test/support/target-servers.ts'
import type { AccountContent } from '../content.ts'
import { translatedAccounts } from './accounts.ts'
import { TranslationReport } from './report.ts'

function translate(
  source: keyof typeof sourceKinds,
  target: Parameters<typeof targetOf>[0],
  accounts: readonly Partial<AccountContent>[],
) {
  const report = new TranslationReport()
  const whole = accounts.map((account) => ({
    user: 'app',
    host: '%',
    isRole: false,
    create: [],
    grants: [],
    after: [],
    ...account,
  }))
  const translated = translatedAccounts(whole, sourceKinds[source], targetOf(target), report)
  return {
    translated,
    told: report.entries.map(({ object, severity, what }) => `${severity} ${object}: ${what}`),
  }
}

/** What becomes of one account. */
function one(
  source: keyof typeof sourceKinds,
  target: Parameters<typeof targetOf>[0],
  account: Partial<AccountContent>,
) {
  const { translated, told } = translate(source, target, [account])
  const [first] = translated
  return { create: first?.create, grants: first?.grants, after: first?.after, told }
}

test('an account of MySQL is locked on MariaDB, with its limits, and what is only MySQL’s is told', () => {
  const { create, told } = one('mysql', 'mariadb-11.8', {
    create: [
      "CREATE USER `app`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441243030352461 REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 PASSWORD EXPIRE INTERVAL 90 DAY ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL 3 DAY PASSWORD REQUIRE CURRENT DEFAULT ATTRIBUTE '{comment: WITH x ACCOUNT UNLOCK}'",
    ],
  })
  assert.deepEqual(create, [
    "CREATE USER `app`@`%` IDENTIFIED BY PASSWORD 'invalid' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 90 DAY",
  ])
  assert.equal(told.length, 3)
  assert.match(told[0] ?? '', /^changed account app@%: locked, and without a password: caching_sha2_password/)
  assert.match(told[1] ?? '', /PASSWORD REUSE INTERVAL 3 DAY$/)
})

test('a password of mysql_native_password goes where that is known', () => {
  const hash = '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'
  const mysql = `CREATE USER \`app\`@\`%\` IDENTIFIED WITH 'mysql_native_password' AS '${hash}' REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK`
  assert.deepEqual(one('mysql', 'mariadb-11.8', { create: [mysql] }), {
    create: [`CREATE USER \`app\`@\`%\` IDENTIFIED BY PASSWORD '${hash}'`],
    grants: [],
    after: [],
    told: [],
  })
  const locked = one('mariadb', 'mysql', {
    create: [`CREATE USER \`app\`@\`%\` IDENTIFIED BY PASSWORD '${hash}'`],
  })
  assert.match(
    locked.create?.[0] ?? '',
    /IDENTIFIED WITH 'caching_sha2_password' AS '\$A\$005\$.{63}' ACCOUNT LOCK$/,
  )
  assert.match(locked.told[0] ?? '', /mysql_native_password/)
})

test('an account without a password stays one, and ways to log in that MySQL has not lock it', () => {
  assert.deepEqual(one('mariadb', 'mysql', { create: ['CREATE USER `app`@`%`'] }).create, [
    'CREATE USER `app`@`%`',
  ])
  const { create, told } = one('mariadb', 'mysql', {
    create: [
      "CREATE USER `app`@`%` IDENTIFIED VIA ed25519 USING 'secret' OR unix_socket REQUIRE X509 ACCOUNT LOCK PASSWORD EXPIRE",
    ],
  })
  assert.match(create?.[0] ?? '', /REQUIRE X509 PASSWORD EXPIRE ACCOUNT LOCK$/)
  assert.doesNotMatch(create?.[0] ?? '', /secret/)
  assert.match(told[0] ?? '', /ed25519 or unix_socket/)
})

test('privileges have the names of the target, and those that it has not are told', () => {
  const { grants, told } = one('mysql', 'mariadb-11.8', {
    create: ['CREATE USER `app`@`%`'],
    grants: [
      'GRANT SELECT, PROCESS ON *.* TO `app`@`%` WITH GRANT OPTION',
      'GRANT BACKUP_ADMIN,BINLOG_ADMIN,SET_ANY_DEFINER ON *.* TO `app`@`%`',
      'GRANT SELECT (`a, b`), UPDATE (`to`) ON `on`.`to` TO `app`@`%`',
      'GRANT PROXY ON ``@`` TO `app`@`%`',
    ],
  })
  assert.deepEqual(grants, [
    'GRANT SELECT, PROCESS ON *.* TO `app`@`%` WITH GRANT OPTION',
    'GRANT BINLOG ADMIN, SET USER ON *.* TO `app`@`%`',
    'GRANT SELECT (`a, b`), UPDATE (`to`) ON `on`.`to` TO `app`@`%`',
  ])
  assert.deepEqual(told, [
    'dropped account app@%: privileges that are not known there: BACKUP_ADMIN',
    'dropped account app@%: GRANT PROXY ON ``@``',
  ])
})

test('what MariaDB says of passwords in its grants does not go along', () => {
  const { grants } = one('mariadb', 'mysql', {
    create: ['CREATE USER `app`@`%`'],
    grants: [
      "GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*14E65567' REQUIRE SSL WITH GRANT OPTION MAX_USER_CONNECTIONS 3",
    ],
  })
  assert.deepEqual(grants, ['GRANT REPLICATION CLIENT ON *.* TO `app`@`%` WITH GRANT OPTION'])
})

test('what a partial revoke keeps from some schemas is given nowhere', () => {
  const { grants, told } = one('mysql', 'mariadb-11.8', {
    create: ['CREATE USER `app`@`%`'],
    grants: ['GRANT SELECT, INSERT ON *.* TO `app`@`%`', 'REVOKE INSERT ON `mysql`.* FROM `app`@`%`'],
  })
  assert.deepEqual(grants, ['GRANT SELECT ON *.* TO `app`@`%`'])
  assert.deepEqual(told, [
    'dropped account app@%: INSERT on *.*, which it has not on mysql.*: there are no partial revokes',
  ])
})

test('roles are accounts on one side and names on the other', () => {
  const { translated, told } = translate('mysql', 'mariadb-11.8', [
    {
      user: 'reader',
      isRole: true,
      create: ['CREATE USER `reader`@`%` …'],
      grants: ['GRANT SELECT ON `s`.* TO `reader`@`%`'],
    },
    { user: 'reader', host: 'h', isRole: true, create: ['CREATE USER `reader`@`h` …'] },
    {
      create: ['CREATE USER `app`@`%`'],
      grants: ['GRANT `reader`@`%`,`writer`@`%` TO `app`@`%` WITH ADMIN OPTION'],
      after: ['ALTER USER `app`@`%` DEFAULT ROLE `reader`@`%`,`writer`@`%`'],
    },
  ])
  const [app, reader, ...more] = translated
  assert.deepEqual(more, [])
  assert.deepEqual(reader, {
    user: 'reader',
    host: '',
    isRole: true,
    create: ['CREATE ROLE `reader`'],
    grants: ['GRANT SELECT ON `s`.* TO `reader`'],
    after: [],
  })
  assert.deepEqual(app?.grants, [
    'GRANT `reader` TO `app`@`%` WITH ADMIN OPTION',
    'GRANT `writer` TO `app`@`%` WITH ADMIN OPTION',
  ])
  assert.deepEqual(app?.after, ['SET DEFAULT ROLE `reader` FOR `app`@`%`'])
  assert.deepEqual(told, [
    'dropped account reader: there is another role of this name, and roles have no hosts there',
    'changed account app@%: its default role is `reader` alone: there can be only one',
  ])
})

test('a role of MariaDB is one of MySQL, and PUBLIC is told', () => {
  const { translated, told } = translate('mariadb', 'mysql', [
    {
      user: 'reader',
      host: '',
      isRole: true,
      create: ['CREATE ROLE `reader`'],
      grants: ['GRANT SELECT ON `s`.* TO `reader`'],
    },
    { user: 'PUBLIC', host: '', isRole: true, create: [], grants: ['GRANT SELECT ON `s`.* TO PUBLIC'] },
    { create: ['CREATE USER `app`@`%`'], after: ['SET DEFAULT ROLE `reader` FOR `app`@`%`'] },
  ])
  assert.deepEqual(
    translated.map(({ create, grants, after }) => [...create, ...grants, ...after]),
    [
      ['CREATE ROLE `reader`', 'GRANT SELECT ON `s`.* TO `reader`'],
      ['CREATE USER `app`@`%`', 'ALTER USER `app`@`%` DEFAULT ROLE `reader`'],
    ],
  )
  assert.deepEqual(told, [
    'dropped account PUBLIC: what everybody may do: grant it to the accounts that need it',
  ])
})

test('between versions of one flavour an account stays as it is but for what the older one lacks', () => {
  const create = [
    "CREATE USER `app`@`%` IDENTIFIED VIA unix_socket OR mysql_native_password USING '*14' PASSWORD EXPIRE NEVER",
  ]
  const grants = ['GRANT SELECT, SHOW CREATE ROUTINE ON *.* TO `app`@`%`', 'GRANT `r` TO `app`@`%`']
  assert.deepEqual(one('mariadb', 'mariadb-10.11', { create, grants }), {
    create,
    grants: ['GRANT SELECT ON *.* TO `app`@`%`', 'GRANT `r` TO `app`@`%`'],
    after: [],
    told: ['dropped account app@%: privileges that are not known there: SHOW CREATE ROUTINE'],
  })
  const parsec = one('mariadb', 'mariadb-10.11', {
    create: ["CREATE USER `app`@`%` IDENTIFIED VIA parsec USING 'P0'"],
  })
  assert.match(parsec.create?.[0] ?? '', /IDENTIFIED BY PASSWORD 'invalid' ACCOUNT LOCK/)
})

test('an account whose name is too long for MySQL is told', () => {
  const long = { user: 'x'.repeat(33), create: [`CREATE USER \`${'x'.repeat(33)}\`@\`%\``] }
  assert.deepEqual(translate('mariadb', 'mysql', [long]), {
    translated: [],
    told: [`dropped account ${'x'.repeat(33)}@%: a name has up to 32 characters there`],
  })
  assert.equal(translate('mariadb', 'mariadb-10.11', [long]).translated.length, 1)
})

test('a role of MariaDB that has the name of an account is not granted as that account on MySQL', () => {
  const grants = [
    'GRANT `boss` TO `clerk`@`%`',
    'GRANT `other` TO `clerk`@`%`',
    'GRANT USAGE ON *.* TO `clerk`@`%`',
  ]
  const { translated, told } = translate('mariadb', 'mysql', [
    {
      user: 'boss',
      create: ['CREATE USER `boss`@`%`'],
      grants: ['GRANT ALL PRIVILEGES ON *.* TO `boss`@`%`'],
    },
    {
      user: 'clerk',
      create: ['CREATE USER `clerk`@`%`'],
      grants,
      after: ['SET DEFAULT ROLE `boss` FOR `clerk`@`%`'],
    },
    {
      user: 'boss',
      host: '',
      isRole: true,
      create: ['CREATE ROLE `boss`'],
      grants: ['GRANT SELECT ON `a`.* TO `boss`'],
    },
    { user: 'other', host: '', isRole: true, create: ['CREATE ROLE `other`'] },
  ])
  assert.deepEqual(
    translated.map(({ user, isRole }) => [user, isRole]),
    [
      ['boss', false],
      ['clerk', false],
      ['other', true],
    ],
  )
  const clerk = translated[1]
  assert.deepEqual(clerk?.grants, ['GRANT `other` TO `clerk`@`%`', 'GRANT USAGE ON *.* TO `clerk`@`%`'])
  assert.deepEqual(clerk?.after, [])
  assert.deepEqual(told, ['dropped account boss: roles are accounts there, and there is an account boss@%'])
})
