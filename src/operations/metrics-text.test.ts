import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownProcessMark } from '../storage/process-mark.ts'
import type { ArchiverState } from './archiver-state.ts'
import { metricsText } from './metrics-text.ts'
import { archiverProblems } from './read-status.ts'

const running: ArchiverState = {
  format: 1,
  process: ownProcessMark(),
  startedAtMs: 1000,
  writtenAtMs: 5000,
  isAcknowledging: true,
  receivedBytes: 700,
  segments: 2,
  spool: { usedBytes: 10, limitBytes: 100, isHeld: false },
}
const semiSync = { isEnabled: true, isWaiting: true, fallbacks: 3, unacknowledged: 4 }

test('every sample has its help and type, a name that needs quoting is quoted, and what is unknown is left out', () => {
  const text = metricsText('a"b\\c', {
    ...running,
    semiSync,
    acknowledged: { sent: 5, commits: { count: 9, p50Ms: 1, p99Ms: 2, maxMs: 30 } },
  })
  const names = text.matchAll(/^(holdfast_\w+)\{instance_name="a\\"b\\\\c"(?:,quantile="[\d.]+")?\} \S+$/gm)
  const samples = [...names].map(([, name]) => name)
  assert.equal(samples.length + 2 * new Set(samples).size, text.trimEnd().split('\n').length)
  for (const name of samples) assert.match(text, new RegExp(`^# TYPE ${name} (gauge|counter)$`, 'm'))
  assert.match(text, /_fallbacks_total\{.*\} 3$/m)
  assert.match(text, /_acknowledge_seconds\{.*,quantile="1"\} 0\.03$/m)
  assert.doesNotMatch(text, /undefined|NaN|last_segment/)
})

test('what is wrong with an archiver is told, and of one that does not run only that', () => {
  const problems = (more: Partial<ArchiverState>, nowMs = 6000) =>
    archiverProblems({ ...running, ...more }, nowMs).join('; ')
  assert.equal(problems({ semiSync }), '')
  assert.match(problems({ semiSync: { ...semiSync, isWaiting: false } }), /^the source has fallen back/)
  assert.match(problems({ awaySinceMs: 0 }), /^the repository is away for the archiver since 1970-/)
  assert.match(problems({ spool: { ...running.spool, isHeld: true } }), /^the spool is full/)
  assert.match(problems({ awaySinceMs: 0 }, 70_000), /^the archiver has not been heard of since [^;]*$/)
  assert.equal(problems({ ended: 'caught-up', awaySinceMs: 0 }), '')
  assert.match(problems({ ended: 'signal' }), /not running: it was stopped at/)
  assert.match(problems({ ended: 'DISK_FULL' }), /not running: it ended with DISK_FULL at/)
})
