// The first packet of a connection: the server says who it is and which plugin it wants for the login (Protocol::HandshakeV10).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { capability } from './capabilities.ts'

export interface Handshake {
  /** As sent; MariaDB prefixes '5.5.5-' for old replicas, see parseServerVersion. */
  readonly serverVersion: string
  readonly threadId: number
  readonly capabilities: number
  readonly collationId: number
  readonly status: number
  /** The challenge of the login plugin, without its closing NUL: 20 bytes. */
  readonly nonce: Buffer
  /** '' when the server knows no login plugins. */
  readonly authPlugin: string
}

const protocolVersion = 10
/** The first part of the challenge has a fixed place; what follows comes after the capabilities. */
const firstNonceBytes = 8

export function parseHandshake(packet: Buffer): Handshake {
  const reader = new ByteReader(packet, { what: 'server handshake' })
  const version = reader.u8()
  if (version !== protocolVersion) {
    throw reader.malformed('protocol version 10', String(version), 0)
  }
  const serverVersion = reader.untilNul().toString('latin1')
  const threadId = reader.u32()
  const firstNonce = reader.take(firstNonceBytes)
  reader.skip(1)
  const lowerCapabilities = reader.u16()
  const collationId = reader.u8()
  const status = reader.u16()
  const capabilities = (lowerCapabilities | (reader.u16() << 16)) >>> 0
  const nonceLength = reader.u8()
  // Ten reserved bytes; MariaDB puts its extended capabilities in the last four, which we do not use.
  reader.skip(10)
  // The second part is at least 13 bytes with the NUL, whatever the length says (Protocol::HandshakeV10).
  const secondNonce = reader.take(Math.min(Math.max(13, nonceLength - firstNonceBytes), reader.remaining))
  const authPlugin =
    (capabilities & capability.pluginAuth) === 0 || reader.remaining === 0 ? '' : pluginName(reader)
  return {
    serverVersion,
    threadId,
    capabilities,
    collationId,
    status,
    nonce: withoutClosingNul(Buffer.concat([firstNonce, secondNonce])),
    authPlugin,
  }
}

export function handshakeToBytes(handshake: Handshake): Buffer {
  return new ByteWriter()
    .u8(protocolVersion)
    .nulText(handshake.serverVersion)
    .u32(handshake.threadId)
    .bytes(handshake.nonce.subarray(0, firstNonceBytes))
    .u8(0)
    .u16(handshake.capabilities & 0xffff)
    .u8(handshake.collationId)
    .u16(handshake.status)
    .u16(handshake.capabilities >>> 16)
    .u8(handshake.nonce.length + 1)
    .zeros(10)
    .bytes(handshake.nonce.subarray(firstNonceBytes))
    .u8(0)
    .nulText(handshake.authPlugin)
    .toBuffer()
}

/**
 * The 20-byte challenges of the password plugins are sent with a closing NUL that is not part of them. The 32 random bytes of
 * client_ed25519 are sent bare and may well end in a NUL that is.
 */
export function withoutClosingNul(nonce: Buffer): Buffer {
  return nonce.length === 21 && nonce[20] === 0 ? nonce.subarray(0, 20) : nonce
}

/** Some old servers forget the closing NUL of the name (MySQL bug 59453). */
function pluginName(reader: ByteReader): string {
  const rest = reader.rest()
  return (rest.at(-1) === 0 ? rest.subarray(0, -1) : rest).toString('latin1')
}
