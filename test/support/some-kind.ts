// One kind of server for tests that lie above the flavours.
import { type ServerKind, testedKinds } from './servers.ts'

/** The newest tested kind of a flavour, or another one where HOLDFAST_TEST_SERVERS leaves none of it. */
export function someKind(flavour: 'mysql' | 'mariadb' = 'mariadb'): ServerKind {
  const kind = testedKinds.findLast((tested) => tested.startsWith(flavour)) ?? testedKinds[0]
  if (kind === undefined) throw new Error('no kind of server is tested')
  return kind
}
