// Use case: create a repository, and the recovery key that opens it.
import { rm, stat } from 'node:fs/promises'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { Repository } from '../repository/repository.ts'
import { identityFileText, writeIdentityFile } from './identity-file.ts'
import { openStore } from './open-store.ts'

export interface InitRequest {
  readonly place: string
  readonly isEncrypted: boolean
  /** age recipients to encrypt for; a key is made when there are none. */
  readonly recipients: readonly string[]
  /** Where to write the new key; without it the key is only in the answer. */
  readonly identityOut?: string | undefined
}

export interface InitReport {
  readonly place: string
  readonly isEncrypted: boolean
  readonly recipients: readonly string[]
  /** The new key; absent without encryption, for given recipients, and when it was written to a file. */
  readonly identity?: string
  readonly identityFile?: string
}

/**
 * The key is on disk before the repository exists: a repository whose key was lost on the way would be a trap.
 * Throws REPOSITORY_EXISTS, STORE_UNUSABLE, CONFIG_INVALID for what is no folder, or USAGE when the key's file is there already.
 */
export async function initRepository(request: InitRequest): Promise<InitReport> {
  const store = openStore(request.place)
  const { place } = store
  await refuseFile(place)
  if (!request.isEncrypted) {
    await Repository.create(store, { recipients: [], encrypt: false })
    return { place, isEncrypted: false, recipients: [] }
  }
  if (request.recipients.length > 0) {
    await Repository.create(store, { recipients: [...request.recipients], encrypt: true })
    return { place, isEncrypted: true, recipients: request.recipients }
  }
  const identity = await generateX25519Identity()
  const recipients = [await identityToRecipient(identity)]
  if (request.identityOut !== undefined) {
    await writeIdentityFile(request.identityOut, identityFileText(identity, recipients, place))
  }
  try {
    await Repository.create(store, { recipients, encrypt: true })
  } catch (error) {
    // Only where it is certain that no repository was made for this key; after other errors there may be one.
    const isUseless = isHoldfastError(error, 'REPOSITORY_EXISTS', 'STORE_UNUSABLE')
    if (isUseless && request.identityOut !== undefined) await rm(request.identityOut)
    throw error
  }
  if (request.identityOut === undefined) return { place, isEncrypted: true, recipients, identity }
  return { place, isEncrypted: true, recipients, identityFile: request.identityOut }
}

async function refuseFile(place: string): Promise<void> {
  try {
    if ((await stat(place)).isDirectory()) return
  } catch (error) {
    // Not there yet is well; ENOTDIR: a file stands where a folder above it should.
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ENOTDIR') return
  }
  throw new HoldfastError(
    'CONFIG_INVALID',
    `${place} is no folder, and a repository needs one of its own`,
    { place },
    { hint: 'Choose a folder that is empty or not there yet.' },
  )
}

export { identityFileText } from './identity-file.ts'
