// The client's answer to the handshake: who logs in, and the first answer of the login plugin (Protocol::HandshakeResponse41).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { capability } from './capabilities.ts'

export interface HandshakeResponse {
  readonly capabilities: number
  readonly collationId: number
  readonly user: string
  readonly authResponse: Buffer
  readonly schema?: string
  readonly authPlugin: string
  /** Shown in performance_schema.session_connect_attrs. */
  readonly attributes: Readonly<Record<string, string>>
}

/** Longest packet a client says it takes: 1 GiB, the most any server can be set to. */
const maxPacketBytes = 1024 * 1024 * 1024

export function handshakeResponseToBytes(response: HandshakeResponse): Buffer {
  const writer = sslRequest(new ByteWriter(), response)
  writer.nulText(response.user).lenencBytes(response.authResponse)
  if (response.schema !== undefined) writer.nulText(response.schema)
  writer.nulText(response.authPlugin)
  const attributes = new ByteWriter()
  for (const [name, value] of Object.entries(response.attributes)) {
    attributes.lenencText(name).lenencText(value)
  }
  return writer.lenencBytes(attributes.toBuffer()).toBuffer()
}

/** The head of the response alone asks the server to start TLS (Protocol::SSLRequest). */
export function sslRequestToBytes(response: Pick<HandshakeResponse, 'capabilities' | 'collationId'>): Buffer {
  return sslRequest(new ByteWriter(), response).toBuffer()
}

export function parseHandshakeResponse(packet: Buffer): HandshakeResponse {
  const reader = new ByteReader(packet, { what: 'handshake response' })
  const capabilities = reader.u32()
  reader.skip(4)
  const collationId = reader.u8()
  reader.skip(23)
  const user = reader.untilNul().toString('utf8')
  const authResponse =
    (capabilities & capability.pluginAuthLenenc) === 0 ? reader.take(reader.u8()) : reader.lenencBytes()
  const hasSchema = (capabilities & capability.connectWithDb) !== 0
  const schema = hasSchema ? reader.untilNul().toString('utf8') : undefined
  const authPlugin = (capabilities & capability.pluginAuth) === 0 ? '' : reader.untilNul().toString('latin1')
  const attributes: Record<string, string> = {}
  if ((capabilities & capability.connectAttributes) !== 0 && reader.remaining > 0) {
    const pairs = new ByteReader(reader.lenencBytes(), { what: 'connection attributes' })
    while (pairs.remaining > 0) {
      const name = pairs.lenencBytes().toString('utf8')
      attributes[name] = pairs.lenencBytes().toString('utf8')
    }
  }
  return {
    capabilities,
    collationId,
    user,
    authResponse,
    ...(schema === undefined ? {} : { schema }),
    authPlugin,
    attributes,
  }
}

function sslRequest(
  writer: ByteWriter,
  { capabilities, collationId }: Pick<HandshakeResponse, 'capabilities' | 'collationId'>,
): ByteWriter {
  return writer
    .u32(capabilities >>> 0)
    .u32(maxPacketBytes)
    .u8(collationId)
    .zeros(23)
}
