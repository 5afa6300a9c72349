// What the version text of a handshake says about the server.
import type { Flavour } from '../core/flavour.ts'

export interface ServerVersion {
  readonly flavour: Flavour
  /** As the server calls itself, without MariaDB's replication prefix: '10.11.19-MariaDB-log', '9.7.0'. */
  readonly text: string
}

/** MariaDB 10 and newer pretend to be 5.5.5 in the handshake, because old MySQL replicas took '10' for '1' (MDEV-4088). */
const replicationPrefix = '5.5.5-'

export function parseServerVersion(handshakeText: string): ServerVersion {
  const text =
    handshakeText.startsWith(replicationPrefix) && handshakeText.includes('MariaDB')
      ? handshakeText.slice(replicationPrefix.length)
      : handshakeText
  return { flavour: text.toLowerCase().includes('mariadb') ? 'mariadb' : 'mysql', text }
}
