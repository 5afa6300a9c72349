import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceKinds, targetOf } from '../../../test/support/target-servers.ts'
import type { CodeContent } from '../content.ts'
import { translatedCode } from './code.ts'
import { TranslationReport } from './report.ts'

function translate(
  source: keyof typeof sourceKinds,
  target: Parameters<typeof targetOf>[0],
  code: Partial<CodeContent>,
) {
  const report = new TranslationReport()
  const whole: CodeContent = {
    kind: 'procedure',
    name: 'p',
    statement: 'CREATE PROCEDURE p() SELECT 1',
    sqlMode: '',
    charsetClient: 'utf8mb4',
    collationConnection: 'utf8mb4_general_ci',
    ...code,
  }
  const translated = translatedCode(whole, {
    source: sourceKinds[source],
    target: targetOf(target),
    tell: report.of('code'),
    tellSchema: report.of('schema'),
  })
  return {
    translated,
    told: report.entries.map(({ object, severity, what }) => `${severity} ${object}: ${what}`),
  }
}

test('collations of a session and in the body are those of the target, and texts and comments are left alone', () => {
  const { translated, told } = translate('mysql', 'mariadb-10.11', {
    statement:
      "CREATE PROCEDURE p() SELECT 'é' COLLATE utf8mb4_0900_bin, 'COLLATE utf8mb4_0900_bin' /* COLLATE utf8mb4_0900_bin */",
    collationConnection: 'utf8mb4_0900_ai_ci',
    collationDatabase: 'utf8mb4_0900_ai_ci',
  })
  assert.equal(
    translated?.statement,
    "CREATE PROCEDURE p() SELECT 'é' COLLATE utf8mb4_nopad_bin, 'COLLATE utf8mb4_0900_bin' /* COLLATE utf8mb4_0900_bin */",
  )
  assert.equal(translated?.collationConnection, 'utf8mb4_uca1400_nopad_ai_ci')
  assert.equal(translated?.collationDatabase, 'utf8mb4_uca1400_nopad_ai_ci')
  assert.deepEqual(
    told.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['differs schema:', 'differs code:'],
  )
})

test('fractions of seconds are rounded or cut as they were', () => {
  const cases = [
    ['mysql', 'mariadb-11.8', '', 'TIME_ROUND_FRACTIONAL'],
    ['mysql', 'mariadb-11.8', 'ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL', 'ANSI_QUOTES'],
    ['mariadb', 'mysql', 'ANSI_QUOTES', 'ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL'],
    ['mariadb', 'mysql', 'TIME_ROUND_FRACTIONAL,NO_AUTO_CREATE_USER', ''],
    ['mariadb', 'mariadb-10.11', 'NO_AUTO_CREATE_USER', 'NO_AUTO_CREATE_USER'],
  ] as const
  for (const [source, target, sqlMode, wanted] of cases) {
    const { translated, told } = translate(source, target, { sqlMode })
    assert.equal(translated?.sqlMode, wanted)
    assert.deepEqual(told, [])
  }
})

test('a mode that changes what code does is told, and the language of Oracle is not carried', () => {
  const { translated, told } = translate('mariadb', 'mysql', { sqlMode: 'EMPTY_STRING_IS_NULL' })
  assert.equal(translated?.sqlMode, 'TIME_TRUNCATE_FRACTIONAL')
  assert.deepEqual(told, ['differs code: runs without sql_mode EMPTY_STRING_IS_NULL'])
  assert.equal(translate('mariadb', 'mysql', { sqlMode: 'PIPES_AS_CONCAT,ORACLE' }).translated, undefined)
  assert.match(
    translate('mariadb', 'mysql', { kind: 'package' }).told.join(),
    /^dropped code: there are no packages/,
  )
  assert.notEqual(
    translate('mariadb', 'mariadb-10.11', { sqlMode: 'ORACLE', kind: 'package' }).translated,
    undefined,
  )
})

test('code of a session in a character set that the target lacks is dropped and told', () => {
  const { translated, told } = translate('mysql', 'mariadb-11.8', { charsetClient: 'gb18030' })
  assert.equal(translated, undefined)
  assert.match(told.join(), /gb18030/)
})

test('an event that its source runs is disabled in the words of MariaDB', () => {
  const event = {
    kind: 'event',
    statement: 'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON REPLICA DO SELECT 1',
  } as const
  assert.match(JSON.stringify(translate('mysql', 'mariadb-11.8', event).translated), /DISABLE ON SLAVE DO/)
})
