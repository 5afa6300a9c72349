// A repository: where everything is kept. Made once in an empty store, opened by every command after.
import { createHash, randomBytes } from 'node:crypto'
import { HoldfastError } from '../core/errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { probeStore } from '../storage/probe.ts'
import { decodeCheckedJson, encodeCheckedJson, maxCheckedJsonBytes } from './checked-json.ts'
import { defaultCompressLevel } from './compression.ts'
import {
  parseDocument,
  type RepositoryDocument,
  recipientsDocument,
  repositoryDocument,
} from './documents.ts'
import { damagedObject, missingObject, type RepositoryContext, readingObject } from './repository-context.ts'
import { recipientsFolder, repositoryKey, sourcesFolder } from './repository-keys.ts'
import { formatVersion } from './sealed-format.ts'
import { SourceRepository } from './source-repository.ts'

export interface CreateOptions {
  /** age recipients (`age1…`) of whoever shall be able to restore, or a fresh identity. Ignored without encryption. */
  readonly recipients: readonly string[] | 'generate'
  readonly encrypt: boolean
  readonly stateDirectory?: string | undefined
  readonly packTargetBytes?: number
  readonly signal?: AbortSignal | undefined
}

export interface OpenOptions {
  /** age identities (`AGE-SECRET-KEY-…`); none are needed to write. */
  readonly identities?: readonly string[]
  /** Where this host keeps what it remembers between backups, see defaultStateDirectory; absent: it remembers nothing. */
  readonly stateDirectory?: string | undefined
  /** zstd's, for what is written: from -7 (fast) to 19 (small). */
  readonly compressLevel?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CreatedRepository {
  readonly repository: Repository
  /** The identity that was generated: the only key to all backups, kept nowhere else. */
  readonly identity?: string
}

/** A pack is held in memory twice while a backup is written; smaller ones make more objects to list and check. */
const defaultPackTargetBytes = 32 * 1024 * 1024

export class Repository {
  readonly #context: RepositoryContext

  private constructor(context: RepositoryContext) {
    this.#context = context
  }

  /** Throws REPOSITORY_EXISTS, STORE_UNUSABLE when the store does not keep its promises, or CONFIG_INVALID for a bad recipient. */
  static async create(store: ObjectStore, options: CreateOptions): Promise<CreatedRepository> {
    const { encrypt, signal, stateDirectory } = options
    if ((await store.head(repositoryKey, { signal })) !== undefined) throw existsError(store)
    const { recipients, identity } = encrypt
      ? await chooseRecipients(options.recipients)
      : { recipients: [], identity: undefined }
    await probeStore(store, { signal })
    const document: RepositoryDocument = {
      format: formatVersion,
      id: randomBytes(16).toString('hex'),
      created: new Date().toISOString(),
      encryption: encrypt ? 'age' : 'none',
      packTargetBytes: options.packTargetBytes ?? defaultPackTargetBytes,
    }
    // Recipients first: holdfast.json is what makes a repository, so one that exists is complete.
    if (encrypt) await putRecipients(store, document.id, recipients, signal)
    const outcome = await store.putIfAbsent(repositoryKey, encodeCheckedJson(document), { signal })
    if (outcome === 'exists') throw existsError(store)
    const identities = identity === undefined ? [] : [identity]
    const compressLevel = defaultCompressLevel
    const context = { store, document, recipients, identities, stateDirectory, compressLevel }
    const repository = new Repository(context)
    return { repository, ...(identity === undefined ? {} : { identity }) }
  }

  /** Throws REPOSITORY_MISSING, REPOSITORY_FORMAT_TOO_NEW, VERIFY_FAILED when holdfast.json or its recipients are damaged. */
  static async open(store: ObjectStore, options: OpenOptions = {}): Promise<Repository> {
    const { identities = [], stateDirectory, compressLevel = defaultCompressLevel, signal } = options
    const bytes = await store.get(repositoryKey, { length: maxCheckedJsonBytes + 1, signal })
    if (bytes === undefined) {
      throw new HoldfastError('REPOSITORY_MISSING', `there is no repository in ${store.place}`, {
        place: store.place,
      })
    }
    const document = await readRepositoryDocument(bytes, store)
    const recipients = document.encryption === 'age' ? await readRecipients(store, document.id, signal) : []
    return new Repository({ store, document, recipients, identities, stateDirectory, compressLevel })
  }

  get id(): string {
    return this.#context.document.id
  }

  get isEncrypted(): boolean {
    return this.#context.document.encryption === 'age'
  }

  /** age recipients who can restore. */
  get recipients(): readonly string[] {
    return this.#context.recipients
  }

  /** Where the repository is, for messages. */
  get place(): string {
    return this.#context.store.place
  }

  /** Throws USAGE for a name that cannot be one. The source need not exist yet. */
  source(name: string): SourceRepository {
    return new SourceRepository(this.#context, name)
  }

  async listSources(signal?: AbortSignal): Promise<readonly string[]> {
    return this.#context.store.listFolders(sourcesFolder, { signal })
  }
}

async function readRepositoryDocument(bytes: Buffer, store: ObjectStore): Promise<RepositoryDocument> {
  return readingObject(repositoryKey, async () => {
    const value = decodeCheckedJson(bytes, repositoryKey)
    const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
    if (typeof format === 'number' && format > formatVersion) {
      throw new HoldfastError(
        'REPOSITORY_FORMAT_TOO_NEW',
        `the repository in ${store.place} has format ${format}, and this Holdfast reads format ${formatVersion}`,
        { format },
      )
    }
    return parseDocument(repositoryDocument, value, repositoryKey)
  })
}

async function chooseRecipients(
  wanted: readonly string[] | 'generate',
): Promise<{ recipients: readonly string[]; identity: string | undefined }> {
  const { Encrypter, generateX25519Identity, identityToRecipient } = await import('age-encryption')
  if (wanted === 'generate') {
    const identity = await generateX25519Identity()
    return { recipients: [await identityToRecipient(identity)], identity }
  }
  if (wanted.length === 0) {
    throw new HoldfastError('CONFIG_INVALID', 'an encrypted repository needs a recipient')
  }
  const encrypter = new Encrypter()
  for (const recipient of wanted) {
    try {
      encrypter.addRecipient(recipient)
    } catch (error) {
      // Not the text itself: an identity pasted by mistake must not end up on a screen or in a log.
      throw new HoldfastError(
        'CONFIG_INVALID',
        'one of the recipients is not an age recipient',
        {},
        {
          cause: error,
          hint: 'A recipient starts with age1; it is what age-keygen prints as the public key.',
        },
      )
    }
  }
  return { recipients: [...wanted].toSorted(), identity: undefined }
}

/** The name tells the set, and the document the repository, so that leftovers of a lost race to create one are never believed. */
async function putRecipients(
  store: ObjectStore,
  repository: string,
  recipients: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const bytes = encodeCheckedJson({ format: 1, repository, generation: 1, recipients })
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  await store.putIfAbsent(`${recipientsFolder}${name}`, bytes, { signal })
}

async function readRecipients(
  store: ObjectStore,
  repository: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  let newest: { generation: number; recipients: readonly string[] } | undefined
  for await (const { key } of store.list(recipientsFolder, { signal })) {
    const bytes = await store.get(key, { length: maxCheckedJsonBytes + 1, signal })
    if (bytes === undefined) continue
    const document = await readingObject(key, async () =>
      parseDocument(recipientsDocument, decodeCheckedJson(bytes, key), key),
    )
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
    if (key !== `${recipientsFolder}${name}`) throw damagedObject(key, `its bytes belong to the name ${name}`)
    if (document.repository !== repository) continue
    if (newest === undefined || document.generation > newest.generation) newest = document
  }
  if (newest === undefined) throw missingObject(recipientsFolder)
  return newest.recipients
}

function existsError(store: ObjectStore): HoldfastError {
  return new HoldfastError('REPOSITORY_EXISTS', `there is a repository in ${store.place} already`, {
    place: store.place,
  })
}
