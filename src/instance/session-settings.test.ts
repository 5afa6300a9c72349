// The settings on which exact loading rests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialectOf } from './dialects.ts'

for (const [flavour, release] of [
  ['mysql', 80_045],
  ['mysql', 90_700],
  ['mariadb', 100_621],
  ['mariadb', 110_806],
] as const) {
  const { required } = dialectOf(flavour).loadSettings(release)

  test(`traps 2 and 17: unique checks stay on while loading, so that no row is lost and no index is broken (${flavour} ${release})`, () => {
    assert.ok(required.includes('unique_checks = 1'))
  })

  test(`trap 1: rows are loaded in strict mode that takes zero dates and 0 in AUTO_INCREMENT (${flavour} ${release})`, () => {
    const mode = required.find((setting) => setting.startsWith('sql_mode')) ?? ''
    for (const part of ['STRICT_ALL_TABLES', 'NO_AUTO_VALUE_ON_ZERO', 'ALLOW_INVALID_DATES'])
      assert.match(mode, new RegExp(part))
    assert.doesNotMatch(mode, /NO_ZERO/)
  })

  test(`trap 8: times are read and written in UTC (${flavour} ${release})`, () => {
    const read = dialectOf(flavour).readSettings(release).required
    assert.ok(required.includes("time_zone = '+00:00'") && read.includes("time_zone = '+00:00'"))
  })
}
