// What the server warned of, for messages.
import type { Connection } from '../wire/connection.ts'

/** The first warnings of the statement before, ready to be appended to a message. */
export async function warningText(connection: Connection): Promise<string> {
  const rows = await connection.query('SHOW WARNINGS LIMIT 3')
  const texts = rows.map((row) => `${String(row['Code'])} ${String(row['Message'])}`)
  return texts.length === 0 ? '' : `: ${texts.join('; ')}`
}
