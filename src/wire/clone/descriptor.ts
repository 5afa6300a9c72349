// The descriptors of InnoDB within the CLONE protocol: which state a clone is in, which files it has, and what the next bytes are.
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'

/** What a clone goes through (Snapshot_State of clone0desc.h). */
export const cloneState = { init: 1, fileCopy: 2, pageCopy: 3, redoCopy: 4, done: 5 } as const

/** Which block of which chunk a task has come to; chunks and blocks count from 1, and 0 is none yet. */
export interface TaskProgress {
  readonly task: number
  readonly chunk: number
  readonly block: number
}

export interface TaskDescriptor extends TaskProgress {
  readonly kind: 'task'
}

/** A state begins, has ended (neither start nor acknowledgement), or is acknowledged; the donor's own acknowledgements keep a connection alive. */
export interface StateDescriptor {
  readonly kind: 'state'
  readonly state: number
  readonly task: number
  readonly chunks: number
  readonly files: number
  /** Bytes that the state will send; 0 but at its start. */
  readonly estimatedBytes: number
  readonly estimatedDiskBytes: number
  readonly isStart: boolean
  readonly isAcknowledgement: boolean
}

export interface FileDescriptor {
  readonly kind: 'file'
  readonly state: number
  readonly sizeBytes: number
  readonly allocatedBytes: number
  /** FSP_SPACE_FLAGS; 0xffffffff for what is no tablespace. */
  readonly fspFlags: number
  /** Block of the donor's file system, in bytes: what holes of page-compressed files are aligned to. */
  readonly fsBlockBytes: number
  readonly isPageCompressed: boolean
  readonly isEncrypted: boolean
  readonly isRenamed: boolean
  readonly isDeleted: boolean
  readonly spaceId: number
  /** What later descriptors call the file by. Redo files count by themselves. */
  readonly index: number
  readonly firstChunk: number
  readonly lastChunk: number
  /** As the donor opens it: './shop/orders.ibd', an absolute path, or '' for redo files. */
  readonly name: string
}

export interface DataDescriptor extends TaskProgress {
  readonly kind: 'data'
  readonly state: number
  readonly fileIndex: number
  readonly lengthBytes: number
  readonly offset: number
  /** Grows where page 0 says that the tablespace has grown. */
  readonly fileSizeBytes: number
}

export type CloneDescriptor = TaskDescriptor | StateDescriptor | FileDescriptor | DataDescriptor

/** The only version there has been, from 8.0.17 on (CLONE_DESC_MAX_VERSION). */
export const descriptorVersion = 100
const headerBytes = 12
const types = { task: 2, state: 3, file: 4, data: 5 } as const

const stateFlags = { start: 1, acknowledgement: 2 } as const
// DESC_CHECK_FLAG counts bits from 1: ZLIB 1, LZ4 2, AES 3, RENAMED 4, DELETED 5, HAS_KEY 6.
const fileFlags = {
  compressed: 0b11,
  encrypted: 1 << 2,
  renamed: 1 << 3,
  deleted: 1 << 4,
  hasKey: 1 << 5,
} as const
/** Key and initialisation vector of AES-256: 32 bytes each. */
const keyBytes = 64

/** clone_buffer_size is 256 MiB at most; no donor sends more in one piece. */
const maxDataBytes = 256 * 1024 * 1024

/** Throws MalformedDataError. */
export function parseDescriptor(bytes: Buffer): CloneDescriptor {
  const reader = new ByteReader(bytes, { what: 'clone descriptor' })
  const version = reader.u32be()
  if (version !== descriptorVersion) {
    throw reader.malformed(`version ${descriptorVersion}`, String(version), 0)
  }
  const length = reader.u32be()
  if (length !== bytes.length) throw reader.malformed(`a length of ${bytes.length}`, String(length), 4)
  const type = reader.u32be()
  const descriptor = parseBody(reader, type)
  if (reader.remaining > 0) throw reader.malformed('the end', `${reader.remaining} more bytes`)
  return descriptor
}

function parseBody(reader: ByteReader, type: number): CloneDescriptor {
  if (type === types.data) return parseData(reader)
  if (type === types.file) return parseFile(reader)
  if (type === types.state) return parseState(reader)
  if (type === types.task) return { kind: 'task', ...parseProgress(reader) }
  throw reader.malformed('a task, state, file or data', `type ${type}`, 8)
}

function parseProgress(reader: ByteReader): TaskProgress {
  return { task: reader.u32be(), chunk: reader.u32be(), block: reader.u32be() }
}

function parseState(reader: ByteReader): StateDescriptor {
  const values = {
    state: reader.u32be(),
    task: reader.u32be(),
    chunks: reader.u32be(),
    files: reader.u32be(),
    estimatedBytes: reader.u64beNumber(),
    estimatedDiskBytes: reader.u64beNumber(),
  }
  const flags = reader.u16be()
  return {
    kind: 'state',
    ...values,
    isStart: (flags & stateFlags.start) !== 0,
    isAcknowledgement: (flags & stateFlags.acknowledgement) !== 0,
  }
}

/** Throws a RangeError for what is no state of a clone. */
export function stateToBytes(state: StateDescriptor): Buffer {
  const flags =
    (state.isStart ? stateFlags.start : 0) | (state.isAcknowledgement ? stateFlags.acknowledgement : 0)
  return new ByteWriter()
    .u32be(descriptorVersion)
    .u32be(headerBytes + 34)
    .u32be(types.state)
    .u32be(state.state)
    .u32be(state.task)
    .u32be(state.chunks)
    .u32be(state.files)
    .u64be(state.estimatedBytes)
    .u64be(state.estimatedDiskBytes)
    .u16be(flags)
    .toBuffer()
}

function parseFile(reader: ByteReader): FileDescriptor {
  const state = reader.u32be()
  const sizes = { sizeBytes: reader.u64beNumber(), allocatedBytes: reader.u64beNumber() }
  const space = { fspFlags: reader.u32be(), fsBlockBytes: reader.u32be() }
  const flags = reader.u16be()
  const place = {
    spaceId: reader.u32be(),
    index: reader.u32be(),
    firstChunk: reader.u32be(),
    lastChunk: reader.u32be(),
  }
  const name = parseName(reader)
  // Passed over: page 0 has it as well, wrapped with the key of the server's keyring.
  if ((flags & fileFlags.hasKey) !== 0) reader.skip(keyBytes)
  return {
    kind: 'file',
    state,
    ...sizes,
    ...space,
    isPageCompressed: (flags & fileFlags.compressed) !== 0,
    isEncrypted: (flags & (fileFlags.encrypted | fileFlags.hasKey)) !== 0,
    isRenamed: (flags & fileFlags.renamed) !== 0,
    isDeleted: (flags & fileFlags.deleted) !== 0,
    ...place,
    name,
  }
}

/** With a NUL that its length counts; redo files have none and the length 0. */
function parseName(reader: ByteReader): string {
  const length = reader.u32be()
  if (length === 0) return ''
  const start = reader.offset
  const bytes = reader.take(length)
  const end = bytes.indexOf(0)
  if (end !== length - 1) throw reader.malformed('a file name that ends in NUL', `NUL at ${end}`, start)
  return bytes.subarray(0, end).toString('utf8')
}

function parseData(reader: ByteReader): DataDescriptor {
  const state = reader.u32be()
  const progress = parseProgress(reader)
  const fileIndex = reader.u32be()
  const lengthBytes = reader.u32be()
  if (lengthBytes === 0 || lengthBytes > maxDataBytes) {
    throw reader.malformed(`1 to ${maxDataBytes} bytes of data`, String(lengthBytes), reader.offset - 4)
  }
  const offset = reader.u64beNumber()
  const fileSizeBytes = reader.u64beNumber()
  return { kind: 'data', state, ...progress, fileIndex, lengthBytes, offset, fileSizeBytes }
}
