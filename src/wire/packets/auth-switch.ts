// The server's wish to log in with another plugin (Protocol::AuthSwitchRequest), and more data of the running one.
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { withoutClosingNul } from './handshake.ts'

export interface AuthSwitchRequest {
  readonly plugin: string
  readonly nonce: Buffer
}

export const authSwitchHeader = 0xfe
export const authMoreDataHeader = 0x01

export function parseAuthSwitchRequest(packet: Buffer): AuthSwitchRequest {
  const reader = new ByteReader(packet, { what: 'login switch request' })
  const header = reader.u8()
  if (header !== authSwitchHeader) {
    throw reader.malformed('a login switch request', `header 0x${header.toString(16)}`, 0)
  }
  // The bare header is the request of servers before 4.1 (Protocol::OldAuthSwitchRequest).
  if (reader.remaining === 0) return { plugin: 'mysql_old_password', nonce: Buffer.alloc(0) }
  const plugin = reader.untilNul().toString('latin1')
  return { plugin, nonce: withoutClosingNul(reader.rest()) }
}

export function authSwitchRequestToBytes({ plugin, nonce }: AuthSwitchRequest): Buffer {
  return new ByteWriter()
    .u8(authSwitchHeader)
    .nulText(plugin)
    .bytes(nonce)
    .zeros(nonce.length === 20 ? 1 : 0)
    .toBuffer()
}

/** The payload of Protocol::AuthMoreData. */
export function parseAuthMoreData(packet: Buffer): Buffer {
  const reader = new ByteReader(packet, { what: 'login data' })
  const header = reader.u8()
  if (header !== authMoreDataHeader)
    throw reader.malformed('login data', `header 0x${header.toString(16)}`, 0)
  return reader.rest()
}

export function authMoreDataToBytes(data: Buffer): Buffer {
  return new ByteWriter().u8(authMoreDataHeader).bytes(data).toBuffer()
}
