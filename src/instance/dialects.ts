// Which dialect a server speaks.
import type { Flavour } from '../core/flavour.ts'
import type { InstanceDialect } from './dialect.ts'
import { mariadbDialect } from './mariadb/dialect.ts'
import { mysqlDialect } from './mysql/dialect.ts'

const dialects: Readonly<Record<Flavour, InstanceDialect>> = { mysql: mysqlDialect, mariadb: mariadbDialect }

export function dialectOf(flavour: Flavour): InstanceDialect {
  return dialects[flavour]
}
