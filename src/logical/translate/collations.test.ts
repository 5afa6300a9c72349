import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetOf } from '../../../test/support/target-servers.ts'
import { mapCollation } from './collations.ts'

const mysql = targetOf('mysql')
const mariadb11 = targetOf('mariadb-11.8')
const mariadb10 = targetOf('mariadb-10.11')
const mariadb6 = targetOf('mariadb-10.6')

test('each collation becomes the nearest that the target has', () => {
  const cases = [
    ['utf8mb4_0900_ai_ci', mariadb11, 'utf8mb4_0900_ai_ci'],
    ['utf8mb4_0900_ai_ci', mariadb10, 'utf8mb4_uca1400_nopad_ai_ci'],
    ['utf8mb4_0900_ai_ci', mariadb6, 'utf8mb4_unicode_520_nopad_ci'],
    ['utf8mb4_0900_as_cs', mariadb10, 'utf8mb4_uca1400_nopad_as_cs'],
    // Bytes keep apart what the collation kept apart.
    ['utf8mb4_0900_as_cs', mariadb6, 'utf8mb4_nopad_bin'],
    ['utf8mb4_0900_bin', mariadb10, 'utf8mb4_nopad_bin'],
    ['utf8mb4_de_pb_0900_ai_ci', mariadb10, 'utf8mb4_uca1400_german2_nopad_ai_ci'],
    ['utf8mb4_de_pb_0900_ai_ci', mariadb6, 'utf8mb4_german2_ci'],
    ['utf8mb4_ja_0900_as_cs_ks', mariadb10, 'utf8mb4_uca1400_nopad_as_cs'],
    ['utf8mb4_uca1400_ai_ci', mysql, 'utf8mb4_0900_ai_ci'],
    ['utf8mb4_uca1400_german2_as_cs', mysql, 'utf8mb4_de_pb_0900_as_cs'],
    ['utf8mb4_uca1400_nopad_ai_cs', mysql, 'utf8mb4_0900_as_cs'],
    ['utf8mb3_uca1400_ai_ci', mysql, 'utf8mb3_unicode_520_ci'],
    ['utf8mb3_uca1400_as_cs', mysql, 'utf8mb3_bin'],
    ['utf8mb4_nopad_bin', mysql, 'utf8mb4_0900_bin'],
    ['latin1_swedish_nopad_ci', mysql, 'latin1_swedish_ci'],
    ['utf8mb4_croatian_mysql561_ci', mysql, 'utf8mb4_croatian_ci'],
    ['utf8mb4_uca1400_ai_ci', mariadb6, 'utf8mb4_unicode_520_ci'],
    ['latin1_swedish_ci', mysql, 'latin1_swedish_ci'],
  ] as const
  for (const [from, target, to] of cases) assert.equal(mapCollation(from, target)?.name, to, from)
})

test('what is told of a collation says whether spaces at the end count', () => {
  assert.equal(mapCollation('latin1_swedish_ci', mysql)?.note, undefined)
  assert.match(
    mapCollation('utf8mb4_uca1400_ai_ci', mysql)?.note ?? '',
    /spaces at the end of a text count now/,
  )
  assert.match(
    mapCollation('utf8mb4_de_pb_0900_ai_ci', mariadb6)?.note ?? '',
    /spaces at the end of a text do not count any more/,
  )
  assert.match(mapCollation('utf8mb4_0900_as_cs', mariadb6)?.note ?? '', /byte by byte/)
  assert.equal(mapCollation('klingon_general_ci', mysql), undefined)
})
