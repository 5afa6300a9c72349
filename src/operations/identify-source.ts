// Which server this is, for the name it goes by in the repository.
import type { SourceIdentity } from '../core/source-identity.ts'
import type { InstanceFacts } from '../instance/instance-facts.ts'

export function sourceIdentity(facts: InstanceFacts): SourceIdentity {
  const { flavour, serverId, serverUuid, gtidDomainId } = facts
  return {
    flavour,
    serverId,
    ...(serverUuid === undefined ? {} : { serverUuid }),
    ...(gtidDomainId === undefined ? {} : { gtidDomainId }),
  }
}
