// What a recipient sends to a donor: COM_CLONE, and the commands that the connection knows after it.
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { type StateDescriptor, stateToBytes } from './descriptor.ts'
import { type CloneLocator, type ReceivedChunks, writeLocator } from './locator.ts'

/** COM_CLONE: the connection speaks nothing but the CLONE protocol from here on. Answered by OK. */
export const enterClone: Buffer = Buffer.of(0x20)

// Command_RPC of clone.h. COM_ATTACH (2), for more connections, is not used: one is faster than what chunks are stored with.
const commands = { init: 1, reinit: 3, execute: 4, acknowledge: 5, exit: 6 } as const

/** CLONE_PROTOCOL_VERSION_V3: plugins with their libraries, and the donor's patience. Donors answer with the lower of both. */
const protocolVersion = 0x0102

/** NO_BACKUP_LOCK_FLAG: DDL goes on during the clone. Donors before 8.0.27 lock all the same, and wait so long for that lock. */
const noBackupLock = 0x8000_0000
const lockTimeoutSeconds = 300

export const executeToBytes: Buffer = Buffer.of(commands.execute)
export const exitToBytes: Buffer = Buffer.of(commands.exit)

export function initToBytes(): Buffer {
  return opening(commands.init).toBuffer()
}

/** Goes on with a clone whose connection broke. */
export function reinitToBytes(locator: CloneLocator, chunks: ReceivedChunks | undefined): Buffer {
  const writer = opening(commands.reinit)
  writeLocator(writer, locator, chunks)
  return writer.toBuffer()
}

function opening(command: number): ByteWriter {
  return new ByteWriter()
    .u8(command)
    .u32(protocolVersion)
    .u32((lockTimeoutSeconds | noBackupLock) >>> 0)
}

/** On the second connection: all of a state has arrived. */
export function acknowledgeToBytes(locator: CloneLocator, state: StateDescriptor): Buffer {
  return acknowledgement(locator, 0, stateToBytes({ ...state, isAcknowledgement: true }))
}

/** On the second connection: the recipient fails with this error number, and the donor is to end the clone. */
export function giveUpToBytes(locator: CloneLocator, errno: number): Buffer {
  return acknowledgement(locator, errno, Buffer.alloc(0))
}

function acknowledgement(locator: CloneLocator, errno: number, descriptor: Buffer): Buffer {
  const writer = new ByteWriter().u8(commands.acknowledge).u32(errno)
  writeLocator(writer, locator)
  return writer.u32(descriptor.length).bytes(descriptor).toBuffer()
}
