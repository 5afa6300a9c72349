// Which server this is, for the name it goes by in the repository.
import type { SourceIdentity } from '../core/source-identity.ts'

/** Out of what is known of a server, of itself or from its files. */
export function sourceIdentity({
  flavour,
  serverId,
  serverUuid,
  gtidDomainId,
}: SourceIdentity): SourceIdentity {
  return {
    flavour,
    serverId,
    ...(serverUuid === undefined ? {} : { serverUuid }),
    ...(gtidDomainId === undefined ? {} : { gtidDomainId }),
  }
}
