import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { acknowledgeToBytes, giveUpToBytes, initToBytes, reinitToBytes } from './commands.ts'
import { parseDescriptor, type StateDescriptor, stateToBytes } from './descriptor.ts'
import type { CloneLocator } from './locator.ts'
import { type CloneResponse, parseResponse } from './response.ts'

// Recorded from a MySQL 9.7.4.
const recorded = {
  plugin: '070f0000007368613235365f70617373776f726400000000',
  setting:
    '0829000000636c6f6e655f646f6e6f725f74696d656f75745f61667465725f6e6574776f726b5f6661696c7572650100000035',
  locator: '01020100000c2200000000000064000000220000000100000000000000010000000000000002000000000100',
  task: '020c00000000640000001800000002000000000000000000000000',
  stateEnd:
    '020c00000000640000002e0000000300000001000000000000000000000000000000000000000000000000000000000000',
  stateStart:
    '020c00000000640000002e0000000300000002000000000000000600000006000000000461d73400000000055a67340001',
  file: '020c0000000064000000530000000400000002000000000001c000000000000000b0000000402100001000000000000001000000020000000300000003000000152e2f7379732f7379735f636f6e6669672e69626400',
  data: '020c0000000064000000340000000500000002000000000000000300000001000000020001c0000000000000000000000000000001c000',
  complete: '63',
}

const locator: CloneLocator = { cloneId: 1n, snapshotId: 2n, index: 0, state: 1, hasFiles: false }

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

function parses(title: string, packet: string, value: CloneResponse): void {
  test(title, () => assert.deepEqual(parseResponse(hex(packet)), value))
}

function refuses(title: string, packet: string | Buffer, message: RegExp): void {
  test(title, () => {
    assert.throws(
      () => parseResponse(typeof packet === 'string' ? hex(packet) : packet),
      (error) => error instanceof MalformedDataError && message.test(error.message),
    )
  })
}

parses('a donor names its plugins with their libraries', recorded.plugin, {
  kind: 'plugin',
  name: 'sha256_password',
  library: '',
})
parses('a donor says how long it waits for a recipient to come back', recorded.setting, {
  kind: 'setting',
  name: 'clone_donor_timeout_after_network_failure',
  value: '5',
})
parses('a donor names the clone', recorded.locator, { kind: 'locator', protocolVersion: 0x0102, locator })
parses('a donor numbers its task', recorded.task, {
  kind: 'descriptor',
  descriptor: { kind: 'task', task: 0, chunk: 0, block: 0 },
})

const fileCopy: StateDescriptor = {
  kind: 'state',
  state: 2,
  task: 0,
  chunks: 6,
  files: 6,
  estimatedBytes: 73_520_948,
  estimatedDiskBytes: 89_810_740,
  isStart: true,
  isAcknowledgement: false,
}
parses('a state starts with an estimate', recorded.stateStart, { kind: 'descriptor', descriptor: fileCopy })
parses('a state ends', recorded.stateEnd, {
  kind: 'descriptor',
  descriptor: {
    ...fileCopy,
    state: 1,
    chunks: 0,
    files: 0,
    estimatedBytes: 0,
    estimatedDiskBytes: 0,
    isStart: false,
  },
})
parses('a file is described before its data', recorded.file, {
  kind: 'descriptor',
  descriptor: {
    kind: 'file',
    state: 2,
    sizeBytes: 114_688,
    allocatedBytes: 45_056,
    fspFlags: 0x4021,
    fsBlockBytes: 4096,
    isPageCompressed: false,
    isEncrypted: false,
    isRenamed: false,
    isDeleted: false,
    spaceId: 1,
    index: 2,
    firstChunk: 3,
    lastChunk: 3,
    name: './sys/sys_config.ibd',
  },
})
parses('data are announced with their place', recorded.data, {
  kind: 'descriptor',
  descriptor: {
    kind: 'data',
    state: 2,
    task: 0,
    chunk: 3,
    block: 1,
    fileIndex: 2,
    lengthBytes: 114_688,
    offset: 0,
    fileSizeBytes: 114_688,
  },
})
parses('data follow', '03010203', { kind: 'data', bytes: hex('010203') })
parses('a command is complete', recorded.complete, { kind: 'complete' })
parses('a command fails with a number and a text', '64ee0e000064656e696564', {
  kind: 'error',
  errno: 3822,
  message: 'denied',
})

/** The file's flags: 16 bits at offset 40 of the descriptor, three bytes into the packet. */
function fileWithFlags(flags: number): Buffer {
  const key = (flags & 0x20) === 0 ? Buffer.alloc(0) : Buffer.alloc(64, 0xaa)
  const packet = Buffer.concat([hex(recorded.file), key])
  packet.writeUInt16BE(flags, 3 + 40)
  packet.writeUInt32BE(packet.length - 3, 3 + 4)
  return packet
}

function flagsOf(flags: number): readonly string[] {
  const response = parseResponse(fileWithFlags(flags))
  assert(response.kind === 'descriptor' && response.descriptor.kind === 'file')
  const { isPageCompressed, isEncrypted, isRenamed, isDeleted, name } = response.descriptor
  assert.equal(name, './sys/sys_config.ibd')
  return Object.entries({ isPageCompressed, isEncrypted, isRenamed, isDeleted }).flatMap(([flag, isSet]) =>
    isSet ? [flag] : [],
  )
}

test('flags of a file say that it is compressed, encrypted, renamed or dropped', () => {
  assert.deepEqual(flagsOf(0x01), ['isPageCompressed'])
  assert.deepEqual(flagsOf(0x02), ['isPageCompressed'])
  assert.deepEqual(flagsOf(0x04), ['isEncrypted'])
  assert.deepEqual(flagsOf(0x08), ['isRenamed'])
  assert.deepEqual(flagsOf(0x10), ['isDeleted'])
  assert.deepEqual(flagsOf(0x20), ['isEncrypted'])
})

refuses('an answer of another protocol', 'ff1504', /code 255/)
refuses('an empty answer', '', /1 more bytes/)
refuses(
  'a locator of another engine',
  recorded.locator.replace('0c22', '0d22'),
  /engine 12 \(InnoDB\), found 13/,
)
refuses(
  'a locator longer than its packet',
  recorded.locator.replace('0c22000000', '0cffffff7f'),
  /more bytes/,
)
refuses(
  'descriptors of another version',
  recorded.data.replace('00000064', '00000065'),
  /version 100, found 101/,
)
refuses('a descriptor that lies about its length', recorded.data.replace('00000034', '00000035'), /found 53/)
refuses(
  'a descriptor of unknown type',
  recorded.task.replace('0000001800000002', '0000001800000007'),
  /type 7/,
)
refuses('data longer than any donor sends', recorded.data.replace('0001c000', '7fffffff'), /found 2147483647/)
refuses('data of no bytes', recorded.data.replace('0001c000', '00000000'), /found 0/)
refuses('a file name without an end', `${recorded.file.slice(0, -2)}41`, /ends in NUL/)
refuses('a file name longer than its descriptor', recorded.file.replace('00000015', '7fffffff'), /more bytes/)
refuses('a file name with two ends', recorded.file.replace('2e2f', '2e00'), /NUL at 1/)
refuses('a plugin longer than its packet', '07ffffffff61', /more bytes/)

test('whatever bytes come, they are parsed or refused as malformed', () => {
  const packets = Object.values(recorded).map(hex)
  fc.assert(
    fc.property(
      fc.constantFrom(...packets),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.nat(100), { nil: undefined }),
      (packet, changes, length) => {
        const bytes = Buffer.from(packet.subarray(0, length))
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        try {
          parseResponse(bytes)
        } catch (error) {
          assert(error instanceof MalformedDataError, String(error))
        }
      },
    ),
  )
})

test('a state that is written is the one that is read', () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
  const size = fc.maxSafeNat()
  const states = fc.record({
    kind: fc.constant('state' as const),
    state: u32,
    task: u32,
    chunks: u32,
    files: u32,
    estimatedBytes: size,
    estimatedDiskBytes: size,
    isStart: fc.boolean(),
    isAcknowledgement: fc.boolean(),
  })
  fc.assert(
    fc.property(states, (state) => assert.deepEqual(parseDescriptor(stateToBytes(state)), { ...state })),
  )
  assert.equal(stateToBytes(fileCopy).toString('hex'), recorded.stateStart.slice(6))
})

const locatorHex = recorded.locator.slice(10)

test('a clone is asked for without a lock against DDL', () => {
  assert.equal(initToBytes().toString('hex'), '01020100002c010080')
})

test('the end of a state is acknowledged with its own descriptor', () => {
  const descriptor = `${recorded.stateStart.slice(6, -4)}0003`
  assert.equal(
    acknowledgeToBytes(locator, fileCopy).toString('hex'),
    `0500000000${locatorHex}2e000000${descriptor}`,
  )
})

test('who gives up says with which error', () => {
  assert.equal(giveUpToBytes(locator, 1317).toString('hex'), `0525050000${locatorHex}00000000`)
})

test('a clone goes on with what had come of it', () => {
  const chunks = { bits: Uint32Array.of(0x8000_0001, 2), partial: new Map([[34, 7]]) }
  assert.equal(
    reinitToBytes({ ...locator, state: 2, hasFiles: true }, chunks).toString('hex'),
    [
      '03020100002c010080',
      '0c3a000000', // 34 bytes and 24
      '000000640000003a00000001',
      '0000000000000001000000000000000200000000',
      '0201',
      '000000010000002200000007',
      '000000028000000100000002',
    ].join(''),
  )
})
