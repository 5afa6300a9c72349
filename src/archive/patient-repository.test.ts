import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { type Patience, PatientRepository } from './patient-repository.ts'
import type { SegmentRepository } from './segment-repository.ts'

const unused = () => assert.fail('not asked for')

/** Fails as often as `failures` has errors, then answers. */
function repositoryWith(failures: Error[]): SegmentRepository {
  return {
    name: 'shop',
    ensure: unused,
    admit: unused,
    claimArchive: unused,
    assertArchiver: unused,
    putSegment: unused,
    readSegmentIndex: unused,
    readSegmentData: unused,
    async listSegments() {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return []
    },
  }
}

function patientRepository(failures: Error[], patience: Patience): PatientRepository {
  const repository = new PatientRepository(repositoryWith(failures), patience)
  repository.becomePatient()
  return repository
}

const away = () => new HoldfastError('STORE_UNUSABLE', 'no route to it')

test('what is away is asked again until it answers, and told of from the second failure on, once', async () => {
  const told: string[] = []
  const patient = (failures: Error[]) =>
    patientRepository(failures, {
      onAway: ({ message }) => told.push(message),
      onBack: () => told.push('back'),
      signal: undefined,
    })
  assert.deepEqual(await patient([away()]).listSegments(), [])
  assert.deepEqual(told, [])
  assert.deepEqual(await patient([away(), away(), away()]).listSegments(), [])
  assert.deepEqual(told, ['no route to it', 'back'])
})

test('what waiting does not mend is thrown at once, at the start everything, and otherwise when the signal comes', async () => {
  const silent = { onAway: () => undefined, onBack: () => undefined }
  const locked = new HoldfastError('REPOSITORY_LOCKED', 'another archiver')
  await assert.rejects(
    patientRepository([locked], { ...silent, signal: undefined }).listSegments(),
    (error) => error === locked,
  )
  await assert.rejects(
    new PatientRepository(repositoryWith([away()]), { ...silent, signal: undefined }).listSegments(),
    { message: 'no route to it' },
  )
  const stopped = patientRepository(Array.from({ length: 99 }, away), {
    ...silent,
    signal: AbortSignal.timeout(10),
  })
  await assert.rejects(stopped.listSegments(), (error) => isHoldfastError(error, 'STORE_UNUSABLE'))
})

test('what takes a call and never answers is told of as away, asked no second time, and given up at the signal', async () => {
  const told: string[] = []
  const stop = new AbortController()
  let calls = 0
  let answer: (() => void) | undefined
  const hanging: SegmentRepository = {
    ...repositoryWith([]),
    listSegments: () => {
      calls++
      return new Promise((resolve) => (answer = () => resolve([])))
    },
  }
  const patient = new PatientRepository(hanging, {
    onAway: ({ message }) => told.push(message),
    onBack: () => told.push('back'),
    silentMs: 20,
    signal: stop.signal,
  })
  patient.becomePatient()
  const listed = patient.listSegments()
  while (told.length === 0) await sleep(5)
  answer?.()
  assert.deepEqual(await listed, [])
  assert.deepEqual(told, ['the store of shop has not answered for 0.0 s', 'back'])
  assert.equal(calls, 1)

  const given = patient.listSegments()
  while (told.length === 2) await sleep(5)
  stop.abort()
  await assert.rejects(given, { code: 'STORE_UNUSABLE', message: /^stopped while the repository is away: / })
})
