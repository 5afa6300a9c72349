// Makes the sample shop on a server through any connection: tables, 280,000 rows, objects and users, in a few seconds.
import { shopObjects, shopUsers } from './shop-objects.ts'
import { type ShopSize, shopRows } from './shop-rows.ts'
import { shopTables } from './shop-tables.ts'

export interface ShopOptions extends Partial<ShopSize> {
  readonly flavour: 'mysql' | 'mariadb'
  /** A plain identifier; `shop` by default. */
  readonly schema?: string
  /** Users and a role; on by default. */
  readonly users?: boolean
}

/** Every statement in order, for a connection that speaks utf8mb4; none holds a DELIMITER or ends in a semicolon. */
export function shopStatements(options: ShopOptions): string[] {
  const { flavour, schema = 'shop', users = true, orders = 50_000 } = options
  return [
    ...shopTables(schema),
    ...shopRows({ orders }),
    ...shopObjects(flavour),
    ...(users ? shopUsers(schema) : []),
  ]
}

/** Runs them one after the other; `run` executes one statement on one and the same connection. */
export async function fillShop(run: (sql: string) => Promise<unknown>, options: ShopOptions): Promise<void> {
  for (const statement of shopStatements(options)) await run(statement)
}
