// A repository read by docs/format/repository.md alone: age, zstd, and the cryptography of node:crypto. Only what WRITES the
// sample comes from src/; nothing here that reads it does.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { plainTool } from '../support/plain-tools.ts'
import { takeBackup } from '../support/sample-backup.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const objects = {
  'shop.orders': Array.from({ length: 50 }, (_, n) => `${n}\torder\t${'text '.repeat(n)}\n`),
  'shop.notes': ['ä'.repeat(3000), '\0binary\xff'],
  'shop.empty': [],
}

// --- The reader, section by section of the document.

interface Keys {
  readonly dataKey: Buffer
  readonly chunkIdKey: Buffer
}

/** Section 2. */
function checkedJson(text: string): Record<string, unknown> {
  const stated = text.slice(-68, -4)
  const zeroed = `${text.slice(0, -68)}${'0'.repeat(64)}${text.slice(-4)}`
  assert.equal(createHash('sha256').update(zeroed).digest('hex'), stated)
  const value: unknown = JSON.parse(text)
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}

class Reader {
  readonly #source: string
  readonly #zstd: readonly [string, ...string[]]
  readonly #openKey: (file: string) => string
  readonly #keys = new Map<string, Keys>()

  constructor(source: string, zstd: readonly [string, ...string[]], openKey: (file: string) => string) {
    this.#source = source
    this.#zstd = zstd
    this.#openKey = openKey
  }

  keys(id: string): Keys {
    const keys = this.#keys.get(id) ?? this.#readKeys(id)
    this.#keys.set(id, keys)
    return keys
  }

  #readKeys(id: string): Keys {
    const name = /^0+$/.test(id) ? `${id}.1.json` : `${id}.1.age`
    const document = checkedJson(this.#openKey(path.join(this.#source, 'keys', name)))
    assert.equal(document['id'], id)
    return {
      dataKey: Buffer.from(String(document['dataKey']), 'hex'),
      chunkIdKey: Buffer.from(String(document['chunkIdKey']), 'hex'),
    }
  }

  /** Section 3: the payload of the frame at `offset`. */
  openFrame(file: Buffer, offset: number): { payload: Buffer; type: number; next: number; chunkId: string } {
    const header = file.subarray(0, 80)
    assert.equal(header.toString('latin1', 0, 8), 'HOLDFAST')
    const frame = file.subarray(offset, offset + 52)
    assert.equal(frame.toString('latin1', 0, 4), 'HFRM')
    const next = offset + 52 + frame.readUInt32BE(16)
    const body = file.subarray(offset + 52, next)
    const nonce = Buffer.concat([Buffer.alloc(7), frame.subarray(8, 12), frame.subarray(6, 7)])
    const stored =
      header[10] === 1 ? this.#decrypt(header, frame, nonce, body) : checkClear(header, frame, nonce, body)
    const payload = frame[5] === 1 ? this.#decompress(stored) : stored
    assert.equal(payload.length, frame.readUInt32BE(12))
    return { payload, type: frame[4] ?? 0, next, chunkId: frame.toString('hex', 20, 52) }
  }

  /** All frames but the end frame. */
  frames(file: Buffer): Buffer[] {
    const payloads: Buffer[] = []
    for (let offset = 80; ; ) {
      const { payload, type, next } = this.openFrame(file, offset)
      if (type === 255) {
        assert.equal(next, file.length)
        return payloads
      }
      payloads.push(payload)
      offset = next
    }
  }

  /** Section 4. */
  chunk(location: { id: string; pack: string; offset: number }): Buffer {
    const file = readFileSync(path.join(this.#source, 'packs', location.pack.slice(0, 2), location.pack))
    assert.equal(createHash('sha256').update(file).digest('hex'), location.pack)
    const { payload, chunkId } = this.openFrame(file, location.offset)
    const { chunkIdKey } = this.keys(file.toString('hex', 16, 32))
    assert.equal(chunkId, location.id)
    assert.equal(createHmac('sha256', chunkIdKey).update(payload).digest('hex'), location.id)
    return payload
  }

  #decrypt(header: Buffer, frame: Buffer, nonce: Buffer, body: Buffer): Buffer {
    const { dataKey } = this.keys(header.toString('hex', 16, 32))
    const derived = Buffer.from(
      hkdfSync('sha256', dataKey, header.subarray(32, 48), 'holdfast sealed file v1', 64),
    )
    assert.deepEqual(derived.subarray(32), header.subarray(48, 80))
    const decipher = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), nonce)
    decipher.setAAD(Buffer.concat([header, frame]))
    decipher.setAuthTag(body.subarray(-16))
    return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()])
  }

  #decompress(bytes: Buffer): Buffer {
    const [program, ...args] = this.#zstd
    return execFileSync(program, [...args, '--decompress', '--stdout'], { input: bytes })
  }
}

function checkClear(header: Buffer, frame: Buffer, nonce: Buffer, body: Buffer): Buffer {
  const stored = body.subarray(0, -16)
  const hash = createHash('sha256')
    .update(Buffer.concat([header, nonce, frame, stored]))
    .digest()
  assert.deepEqual(hash.subarray(0, 16), body.subarray(-16))
  return stored
}

interface Location {
  readonly id: string
  readonly pack: string
  readonly offset: number
}
interface Index {
  readonly packs: [string, number][]
  readonly segments: Location[]
  readonly objects: [string, number, number, number][]
}
interface MapSegment {
  readonly packs: string[]
  readonly entries: [string, number, number, number, number, number, string][]
}

/** Section 5: everything that a backup holds. */
function readBackup(
  reader: Reader,
  manifestFile: Buffer,
): { content: unknown; objects: Record<string, string[]> } {
  const [first = Buffer.alloc(0), ...rest] = reader.frames(manifestFile)
  const manifest: { content: Location[] } = JSON.parse(first.toString())
  const index: Index = JSON.parse(Buffer.concat(rest).toString())
  const segments = index.segments.map((location): MapSegment => JSON.parse(reader.chunk(location).toString()))
  const objects: Record<string, string[]> = {}
  for (const [name, count, firstSegment, firstEntry] of index.objects) {
    let [segment, entry] = [firstSegment, firstEntry]
    objects[name] = Array.from({ length: count }, () => {
      if (entry === segments[segment]?.entries.length) [segment, entry] = [segment + 1, 0]
      const { packs = [], entries = [] } = segments[segment] ?? {}
      const [id = '', pack = 0, offset = 0] = entries[entry] ?? []
      entry += 1
      return reader.chunk({ id, pack: packs[pack] ?? '', offset }).toString()
    })
  }
  const content: unknown = JSON.parse(
    Buffer.concat(manifest.content.map((each) => reader.chunk(each))).toString(),
  )
  return { content, objects }
}

for (const encrypt of [true, false]) {
  test(`${encrypt ? 'an encrypted' : 'a clear'} repository is read with age, zstd and node:crypto by its document`, async () => {
    await using folder = await temporaryDirectory()
    const root = path.join(folder.path, 'repository')
    const options = { recipients: 'generate', encrypt, packTargetBytes: 4096 } as const
    const { repository, identity = '' } = await Repository.create(new DirectoryStore(root), options)
    const written = repository.source('shop')
    await takeBackup(written, objects)
    const { id } = await takeBackup(written, { ...objects, more: ['new'] }, { content: { tables: 4 } })
    const data = [Buffer.alloc(100_000, 'events'), Buffer.from('end')]
    await written.putSegment('t1', 1, { index: { first: 1 }, data })

    const [zstd, [age, ...ageArgs]] = await Promise.all([plainTool('zstd'), plainTool('age')])
    const keyFile = path.join(folder.path, 'key.txt')
    await writeFile(keyFile, `${identity}\n`)
    const openKey = (file: string): string =>
      encrypt
        ? execFileSync(age, [...ageArgs, '--decrypt', '--identity', keyFile, file]).toString()
        : readFileSync(file, 'utf8')
    const source = path.join(root, 'sources', 'shop')
    const reader = new Reader(source, zstd, openKey)

    assert.equal(
      checkedJson(readFileSync(path.join(root, 'holdfast.json'), 'utf8'))['encryption'],
      encrypt ? 'age' : 'none',
    )
    const manifests = readdirSync(path.join(source, 'backups'))
    assert.equal(manifests.length, 2)
    assert.ok(manifests.includes(id))
    const backup = readBackup(reader, readFileSync(path.join(source, 'backups', id)))
    assert.deepEqual(backup, { content: { tables: 4 }, objects: { ...objects, more: ['new'] } })
    const [index, ...events] = reader.frames(
      readFileSync(path.join(source, 'binlog', 't1', '0000000000000001')),
    )
    assert.equal(index?.toString(), '{"first":1}')
    assert.ok(Buffer.concat(events).equals(Buffer.concat(data)))
  })
}

test('the worked example of the document opens as the document says', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../docs/format/repository.md'), 'utf8')
  const block = (name: string): Buffer =>
    Buffer.from(
      (new RegExp(`\`\`\`\\w+ ${name}\\n([^\`]*)\`\`\``).exec(text)?.[1] ?? '').replaceAll('\n', ''),
      'hex',
    )
  const keys = {
    id: '11'.repeat(16),
    dataKey: '22'.repeat(32),
    chunkIdKey: '33'.repeat(32),
    sha256: '0'.repeat(64),
  }
  const zeroed = `${JSON.stringify(keys, null, 2)}\n`
  const sha256 = createHash('sha256').update(zeroed).digest('hex')
  const document = `${zeroed.slice(0, -68)}${sha256}${zeroed.slice(-4)}`
  const reader = new Reader('/nowhere', ['zstd'], () => document)
  for (const prefix of ['', 'clear-']) {
    const file = Buffer.concat([block(`${prefix}header`), block(`${prefix}frame`), block(`${prefix}end`)])
    assert.deepEqual(reader.frames(file).map(String), ['{"a":1}'])
  }
})
