// Of several tries of a backup, the one that counts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '../core/errors.ts'
import type { RecoveryEvidence, RecoveryOutcome } from '../core/recovery-evidence.ts'
import { lastEvidence } from './last-evidence.ts'

const outcomes = {
  sound: { kind: 'recovered', point: { timeMicros: 1 }, tables: 1, problems: [] },
  lost: { kind: 'failed', why: 'a chunk is lost' },
  killed: { kind: 'broken-off', why: 'the server was killed' },
  full: { kind: 'broken-off', why: 'no space is left' },
} as const satisfies Record<string, RecoveryOutcome>

const evidenceOf = (outcome: RecoveryOutcome): RecoveryEvidence => ({
  backup: '1',
  triedAt: '2026-11-23T05:06:12.345Z',
  seconds: 2,
  serverVersion: '9.7.4',
  outcome,
})

const source = {
  readEvidence: (key: string): Promise<RecoveryEvidence> => {
    const outcome = Object.entries(outcomes).find(([name]) => name === key)?.[1]
    if (outcome === undefined)
      return Promise.reject(new HoldfastError('VERIFY_FAILED', 'the evidence is damaged'))
    return Promise.resolve(evidenceOf(outcome))
  },
}

const tables: readonly (readonly [string, readonly string[], RecoveryOutcome?, RecoveryOutcome?])[] = [
  ['nothing where there was no try', []],
  ['the last one that came to an end', ['lost', 'sound'], outcomes.sound],
  ['damage that was found later', ['sound', 'lost'], outcomes.lost],
  ['a proof, whatever has stopped later tries', ['sound', 'full', 'killed'], outcomes.sound, outcomes.killed],
  ['damage, whatever has stopped later tries', ['lost', 'killed'], outcomes.lost, outcomes.killed],
  ['the last one where none came to an end', ['full', 'killed'], outcomes.killed],
  ['nothing where what tells of it is damaged', ['sound', 'unreadable']],
]

for (const [what, keys, evidence, brokenOff] of tables) {
  test(`of the tries of a backup is told: ${what}`, async () => {
    const found = await lastEvidence(source, keys, AbortSignal.timeout(60_000))
    assert.deepEqual(found, {
      ...(evidence === undefined ? {} : { evidence: evidenceOf(evidence) }),
      ...(brokenOff === undefined ? {} : { brokenOff: evidenceOf(brokenOff) }),
    })
  })
}
