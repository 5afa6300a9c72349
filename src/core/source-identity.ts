// What makes an instance the same one tomorrow: recorded when it is first backed up or streamed.
import type { Flavour } from './flavour.ts'

export interface SourceIdentity {
  readonly flavour: Flavour
  /** MySQL's server_uuid; absent on MariaDB. */
  readonly serverUuid?: string
  /** 0 together with no server_uuid: of a dump that another program made, which does not say its server. */
  readonly serverId: number
  /** MariaDB's gtid_domain_id; absent on MySQL. */
  readonly gtidDomainId?: number
}
