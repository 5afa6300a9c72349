// Whether everything that a source has in the repository is there and whole. Finds all problems, not only the first.
import type { EmitEvent } from '../core/events.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { BackupReader } from './backup-reader.ts'
import { type ChunkIdMaker, chunkIdMaker } from './chunk-id.ts'
import type { ChunkLocation } from './documents.ts'
import type { EvidenceStore } from './evidence-store.ts'
import type { KeyRing } from './key-ring.ts'
import { parseBackupId } from './manifest.ts'
import { packKey, type SourceLayout } from './repository-keys.ts'
import { clearKeyId } from './sealed-format.ts'
import type { DataKey } from './sealed-key.ts'
import { checkFrames } from './sealed-walk.ts'
import type { SegmentRef, SegmentStore } from './segment-store.ts'
import { PackSurvey, packOpener } from './verify-packs.ts'
import { isEnding, VerifyFindings, type VerifyReport } from './verify-report.ts'

export interface VerifyOptions {
  /** Also read, decrypt, unpack and hash every byte. */
  readonly readData: boolean
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

export interface VerifyParts {
  readonly source: string
  readonly store: ObjectStore
  readonly layout: SourceLayout
  readonly keyRing: KeyRing
  readonly segments: SegmentStore
  readonly evidence: EvidenceStore
  readonly openMap: (id: string) => Promise<BackupReader>
  readonly readIdentity: (key: string) => Promise<unknown>
}

export async function verifySource(parts: VerifyParts, options: VerifyOptions): Promise<VerifyReport> {
  const findings = new VerifyFindings()
  const { canRead } = parts.keyRing
  await noting(findings, parts.layout.identity, () => parts.readIdentity(parts.layout.identity))
  for await (const { key } of parts.store.list(parts.layout.servers, { signal: options.signal })) {
    await noting(findings, key, () => parts.readIdentity(key))
  }
  const survey = new PackSurvey(parts.store, parts.layout, findings)
  options.emit?.({ type: 'phase', phase: 'checking packs' })
  await survey.list(options.signal)
  if (options.readData) await readPacks(parts, options, survey)
  await verifyKeys(parts, options, findings)
  options.emit?.({ type: 'phase', phase: 'checking backups' })
  await verifyBackups(parts, options, survey, findings)
  options.emit?.({ type: 'phase', phase: 'checking binary logs' })
  await verifySegments(parts, options, findings)
  await verifyEvidence(parts, options, findings)
  return findings.report(parts.source, options.readData, canRead)
}

async function readPacks(parts: VerifyParts, options: VerifyOptions, survey: PackSurvey): Promise<void> {
  const { keyRing } = parts
  const opened = new Map<string, Promise<{ fileKey: DataKey | undefined; makeId: ChunkIdMaker }>>()
  const keysOf = async (id: string): Promise<{ fileKey: DataKey | undefined; makeId: ChunkIdMaker }> => {
    const known = opened.get(id) ?? openKeys(keyRing, id)
    opened.set(id, known)
    return known
  }
  let total = 0
  for (const sizeBytes of survey.sizes.values()) total += sizeBytes
  const progress = (done: number): void =>
    options.emit?.({ type: 'progress', phase: 'checking packs', done, total, unit: 'bytes' })
  await survey.readAll(keyRing.canRead ? packOpener(keysOf) : undefined, progress, options.signal)
}

async function openKeys(
  keyRing: KeyRing,
  id: string,
): Promise<{ fileKey: DataKey | undefined; makeId: ChunkIdMaker }> {
  const fileKey = await keyRing.dataKey(id)
  const { chunkIdKey } = await keyRing.keys(id)
  return { fileKey, makeId: chunkIdMaker(chunkIdKey) }
}

/** Each key file opens, or, without an identity, at least is an age file with something in it. */
async function verifyKeys(
  parts: VerifyParts,
  options: VerifyOptions,
  findings: VerifyFindings,
): Promise<void> {
  const { store, layout, keyRing } = parts
  for await (const { key, sizeBytes } of store.list(layout.keys, { signal: options.signal })) {
    findings.count('keys')
    const id = key.slice(layout.keys.length).slice(0, clearKeyId.length)
    await noting(findings, key, async () => {
      if (keyRing.canRead) await keyRing.keys(id)
      else if (sizeBytes < minAgeFileBytes)
        throw new Error(`it has ${sizeBytes} bytes, fewer than any age file`)
    })
  }
}

/** Version line, one stanza, MAC, nonce and an empty payload with its tag (age-encryption.org/v1). */
const minAgeFileBytes = 150

async function verifyBackups(
  parts: VerifyParts,
  options: VerifyOptions,
  survey: PackSurvey,
  findings: VerifyFindings,
): Promise<void> {
  const { store, layout, keyRing } = parts
  const used = new Set<string>()
  let isComplete = keyRing.canRead
  for await (const { key } of store.list(layout.backups, { signal: options.signal })) {
    const id = key.slice(layout.backups.length)
    if (parseBackupId(id) === undefined) continue
    findings.count('backups')
    await noting(
      findings,
      key,
      async () => {
        // The form of the whole file first: it shows a cut even where there is no key to open it with.
        await checkFrames(store, key, 'manifest', options.signal)
        if (!keyRing.canRead) return
        await verifyBackup(await parts.openMap(id), id, key, parts, survey, findings, used, options.signal)
      },
      [`backup ${id}`],
    )
    isComplete &&= !findings.hasProblem(key)
  }
  if (!isComplete) return
  for (const name of survey.sizes.keys()) if (!used.has(name)) findings.count('orphanPacks')
}

async function verifyBackup(
  backup: BackupReader,
  id: string,
  key: string,
  parts: VerifyParts,
  survey: PackSurvey,
  findings: VerifyFindings,
  used: Set<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const listed = new Map(backup.packs)
  for (const [name, sizeBytes] of listed) {
    used.add(name)
    const actual = survey.sizes.get(name)
    if (actual === sizeBytes) continue
    const problem = actual === undefined ? 'it is missing' : `it has ${actual} bytes instead of ${sizeBytes}`
    findings.problem(packKey(parts.layout, name), problem, [`backup ${id}`])
  }
  const check = (location: ChunkLocation, what: string): void => {
    findings.count('references')
    if (!listed.has(location.pack)) {
      findings.problem(key, `chunk ${location.id} lies in pack ${location.pack}, which its list lacks`, [
        what,
      ])
    } else if (!survey.isSound(location)) {
      const object = packKey(parts.layout, location.pack)
      findings.problem(object, 'chunks of it cannot be read', [what])
    }
  }
  for (const location of backup.ownChunks) check(location, `backup ${id}`)
  if (backup.ownChunks.every((location) => survey.isSound(location))) await backup.readContent(signal)
  for await (const { name, location } of backup.allChunks(signal)) check(location, `${name} of backup ${id}`)
}

async function verifySegments(
  parts: VerifyParts,
  options: VerifyOptions,
  findings: VerifyFindings,
): Promise<void> {
  const { segments, keyRing } = parts
  let before: SegmentRef | undefined
  for (const ref of await segments.list(undefined, options.signal)) {
    options.signal?.throwIfAborted()
    findings.count('segments')
    findings.count('segmentBytes', ref.sizeBytes)
    if (before?.timeline === ref.timeline && before.seq + 1 !== ref.seq) {
      const missing = `segments ${before.seq + 1} to ${ref.seq - 1} are missing before it`
      findings.problem(ref.key, missing, [`timeline ${ref.timeline}`])
    }
    before = ref
    await noting(
      findings,
      ref.key,
      async () => {
        await segments.checkForm(ref, options.signal)
        if (!keyRing.canRead) return
        await segments.readIndex(ref, options.signal)
        if (!options.readData) return
        for await (const piece of segments.readData(ref, options.signal)) void piece
      },
      [`timeline ${ref.timeline}`],
    )
  }
}

async function verifyEvidence(
  { store, evidence, keyRing }: VerifyParts,
  { signal }: VerifyOptions,
  findings: VerifyFindings,
): Promise<void> {
  for (const { key } of await evidence.list(signal)) {
    await noting(findings, key, async () => {
      await checkFrames(store, key, 'evidence', signal)
      if (keyRing.canRead) await evidence.read(key, signal)
    })
  }
}

/** Whatever reading throws is a finding about that object, but for what ends the run. */
async function noting(
  findings: VerifyFindings,
  object: string,
  read: () => Promise<unknown>,
  affected: readonly string[] = [],
): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof Error) || isEnding(error)) throw error
    findings.problem(object, error.message, affected)
  }
}
