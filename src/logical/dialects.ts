// Which dialect a dump is read from and loaded into.
import type { Flavour } from '../core/flavour.ts'
import type { LogicalDialect } from './dialect.ts'
import { mariadbDialect } from './mariadb/dialect.ts'
import { mysqlDialect } from './mysql/dialect.ts'

const dialects: Readonly<Record<Flavour, LogicalDialect>> = { mysql: mysqlDialect, mariadb: mariadbDialect }

export function logicalDialectOf(flavour: Flavour): LogicalDialect {
  return dialects[flavour]
}
