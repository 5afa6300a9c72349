// What a donor answers within the CLONE protocol: one byte that says what it is, then that.
import { ByteReader } from '../../bytes/byte-reader.ts'
import { type CloneDescriptor, parseDescriptor } from './descriptor.ts'
import { type CloneLocator, readLocator } from './locator.ts'

export type CloneResponse =
  | { readonly kind: 'locator'; readonly protocolVersion: number; readonly locator: CloneLocator }
  | { readonly kind: 'descriptor'; readonly descriptor: CloneDescriptor }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'plugin'; readonly name: string; readonly library: string }
  | { readonly kind: 'setting'; readonly name: string; readonly value: string }
  | { readonly kind: 'other' }
  | { readonly kind: 'complete' }
  | { readonly kind: 'error'; readonly errno: number; readonly message: string }

/** Throws MalformedDataError. `bytes` of data are a view of the packet. */
export function parseResponse(packet: Buffer): CloneResponse {
  const reader = new ByteReader(packet, { what: 'clone response' })
  const code = reader.u8()
  const read = readers.get(code)
  if (read === undefined) throw reader.malformed('a response of the CLONE protocol', `code ${code}`, 0)
  return read(reader)
}

// Command_Response of clone.h.
const readers: ReadonlyMap<number, (reader: ByteReader) => CloneResponse> = new Map([
  [1, readLocators],
  [2, readDescriptor],
  [3, (reader) => ({ kind: 'data', bytes: reader.rest() })],
  [4, (reader) => ({ kind: 'plugin', name: readText(reader), library: '' })],
  [5, readSetting],
  // Collations: a server of the same series has them.
  [6, () => ({ kind: 'other' })],
  [7, (reader) => ({ kind: 'plugin', name: readText(reader), library: readText(reader) })],
  [8, readSetting],
  // Settings in JSON, of donors newer than the version asked for.
  [9, () => ({ kind: 'other' })],
  [99, () => ({ kind: 'complete' })],
  [100, readError],
])

function readLocators(reader: ByteReader): CloneResponse {
  return { kind: 'locator', protocolVersion: reader.u32(), locator: readLocator(reader) }
}

function readDescriptor(reader: ByteReader): CloneResponse {
  // The engine and which of its locators: there is only InnoDB's.
  reader.skip(2)
  return { kind: 'descriptor', descriptor: parseDescriptor(reader.rest()) }
}

function readSetting(reader: ByteReader): CloneResponse {
  return { kind: 'setting', name: readText(reader), value: readText(reader) }
}

function readError(reader: ByteReader): CloneResponse {
  return { kind: 'error', errno: reader.u32(), message: reader.rest().toString('utf8') }
}

function readText(reader: ByteReader): string {
  return reader.take(reader.u32()).toString('utf8')
}
