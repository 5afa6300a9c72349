// TLS on top of the plain socket: what each ssl mode verifies, with the files the user named.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { ConnectionSettings, TlsSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { describePeer } from './open-socket.ts'

/** Whether the connection is to be encrypted. Throws TLS_FAILED when it must be and the server cannot. */
export function wantsTls(settings: ConnectionSettings, doesServerOffer: boolean): boolean {
  const { mode } = settings.tls
  if (mode === 'DISABLED' || settings.socketPath !== undefined) return false
  if (doesServerOffer) return true
  if (mode === 'PREFERRED') return false
  throw new HoldfastError(
    'TLS_FAILED',
    `${describePeer(settings)} does not offer TLS, and ssl-mode ${mode} asks for it`,
    { server: describePeer(settings), mode },
  )
}

/** Throws TLS_FAILED, CONFIG_INVALID for a file that cannot be read, or the signal's reason. */
export async function startTls(
  plain: Duplex,
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<Duplex> {
  const options = await tlsOptions(settings)
  const peer = describePeer(settings)
  // 17 ms and a megabyte of each thread, for those that need it.
  const { connect } = await import('node:tls')
  try {
    const secure = connect({ ...options, socket: plain })
    // The channel listens once this resolves; an error after an abort has nobody else, and would end the process.
    secure.on('error', () => undefined)
    await once(secure, 'secureConnect', { signal })
    return secure
  } catch (cause) {
    plain.destroy()
    signal.throwIfAborted()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HoldfastError(
      'TLS_FAILED',
      `cannot start TLS with ${peer}: ${why}`,
      { server: peer },
      { cause },
    )
  }
}

async function tlsOptions(settings: ConnectionSettings): Promise<ConnectionOptions> {
  const { tls, host } = settings
  const [ca, cert, key] = await Promise.all([
    readPem(tls, 'caFile', 'ssl-ca'),
    readPem(tls, 'certFile', 'ssl-cert'),
    readPem(tls, 'keyFile', 'ssl-key'),
  ])
  const isVerified = tls.mode === 'VERIFY_CA' || tls.mode === 'VERIFY_IDENTITY'
  return {
    host,
    // Addresses are not sent as server names (RFC 6066, section 3); they are still checked against the certificate.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: isVerified,
    ...(tls.mode === 'VERIFY_IDENTITY' ? {} : { checkServerIdentity: () => undefined }),
    minVersion: 'TLSv1.2',
  }
}

async function readPem(
  tls: TlsSettings,
  name: 'caFile' | 'certFile' | 'keyFile',
  option: string,
): Promise<Buffer | undefined> {
  const path = tls[name]
  if (path === undefined) return undefined
  try {
    return await readFile(path)
  } catch (cause) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `cannot read the ${option} file ${path}`,
      { file: path },
      { cause },
    )
  }
}
