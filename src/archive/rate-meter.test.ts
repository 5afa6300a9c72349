import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateMeter } from './rate-meter.ts'

test('the rate is that of the last minute', () => {
  const meter = new RateMeter()
  assert.equal(meter.bytesPerSecond, 0)
  meter.note(5_000_000, 0)
  assert.equal(meter.bytesPerSecond, 0)
  for (let second = 1; second <= 100; second++) meter.note(5_000_000 + 10 * second, second * 1000)
  assert.equal(meter.bytesPerSecond, 10)
  for (let second = 101; second <= 170; second++) meter.note(5_001_000, second * 1000)
  assert.equal(meter.bytesPerSecond, 0)
})
