// The locator by which donor and recipient mean the same clone, and what a recipient adds to it to go on after a broken connection.
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { descriptorVersion } from './descriptor.ts'

export interface CloneLocator {
  readonly cloneId: bigint
  readonly snapshotId: bigint
  readonly index: number
  readonly state: number
  /** All files of the state are known to the recipient. */
  readonly hasFiles: boolean
}

/** Chunks of the state that the locator names. */
export interface ReceivedChunks {
  /** Bit c - 1 stands for chunk c: it came whole, or in part. */
  readonly bits: Uint32Array
  /** Of those that came in part: the last block that came. */
  readonly partial: ReadonlyMap<number, number>
}

/** DB_TYPE_INNODB of handler.h: the storage engine that the locator is of. */
const innodb = 12
const locatorType = 1
const locatorBytes = 34

/** As it stands behind the protocol version in an answer, with engine and length in front. Throws MalformedDataError. */
export function readLocator(reader: ByteReader): CloneLocator {
  const start = reader.offset
  const engine = reader.u8()
  if (engine !== innodb) throw reader.malformed(`engine ${innodb} (InnoDB)`, String(engine), start)
  // Official donors send their whole buffer of 64 bytes or the 34 that are used; what is behind them means nothing.
  const body = reader.take(reader.u32())
  const inner = new ByteReader(body, { what: 'clone locator' })
  const version = inner.u32be()
  if (version !== descriptorVersion) throw inner.malformed(`version ${descriptorVersion}`, String(version), 0)
  const length = inner.u32be()
  if (length < locatorBytes || length > body.length) {
    throw inner.malformed(`a length of ${locatorBytes} to ${body.length}`, String(length), 4)
  }
  const type = inner.u32be()
  if (type !== locatorType) throw inner.malformed(`a locator (type ${locatorType})`, `type ${type}`, 8)
  return {
    cloneId: inner.u64be(),
    snapshotId: inner.u64be(),
    index: inner.u32be(),
    state: inner.u8(),
    hasFiles: inner.u8() !== 0,
  }
}

/** `chunks` goes with COM_REINIT only. */
export function writeLocator(writer: ByteWriter, locator: CloneLocator, chunks?: ReceivedChunks): void {
  const body = new ByteWriter()
    .u64be(locator.cloneId)
    .u64be(locator.snapshotId)
    .u32be(locator.index)
    .u8(locator.state)
    .u8(locator.hasFiles ? 1 : 0)
  if (chunks !== undefined) writeChunks(body, chunks)
  const length = 12 + body.length
  writer
    .u8(innodb)
    .u32(length)
    .u32be(descriptorVersion)
    .u32be(length)
    .u32be(locatorType)
    .bytes(body.toBuffer())
}

/** Chunk_Info::deserialize: the chunks in part, then the words of the bitmap. */
function writeChunks(writer: ByteWriter, { bits, partial }: ReceivedChunks): void {
  writer.u32be(partial.size)
  for (const [chunk, block] of [...partial].toSorted(([a], [b]) => a - b)) writer.u32be(chunk).u32be(block)
  writer.u32be(bits.length)
  for (const word of bits) writer.u32be(word)
}
