// MySQL's active binary log on its way into a backup, up to one position: by it a server decides what became of prepared transactions.
import { open } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../../core/errors.ts'
import { GtidSet } from '../../../core/gtid-set.ts'
import type { BinlogPosition, GtidState } from '../../../core/recovery-point.ts'
import type { ServerVariables } from '../../../instance/server-variables.ts'
import { readBinlogEnd } from '../../cold/binlog-end.ts'
import { binlogBase } from '../../server-content.ts'
import type { HotSession } from '../hot-session.ts'
import { seenFrom } from '../server-folders.ts'

const pieceBytes = 1024 * 1024

/** Throws UNSUPPORTED. */
export function requirePlainBinlog(variables: ServerVariables): void {
  if (binlogBase(variables) === undefined || !variables.isOn('binlog_encryption')) return
  throw new HoldfastError(
    'UNSUPPORTED',
    'the binary log is encrypted (binlog_encryption), so it cannot be cut where a hot copy ends',
    {},
    { hint: 'Use --method clone.' },
  )
}

/**
 * The file that is written to, up to `position`, and an index that names it alone. A log changes files only when all of its transactions are committed
 * in InnoDB, so no earlier one is needed. Answers the point with what a server on the backup will have executed: all that the server has done (`executed`), and
 * what its log has up to there; without where it does without GTIDs.
 */
export async function copyBinlog(
  session: HotSession,
  position: BinlogPosition,
  executed: string,
): Promise<{ readonly position: BinlogPosition; readonly gtid?: GtidState }> {
  const { folders, variables, facts, copy, signal } = session
  const base = binlogBase(variables)
  const from = seenFrom(folders, variables, path.join(path.dirname(base ?? ''), position.file))
  const name = path.basename(from)
  await using handle = await open(from, 'r')
  const mode = (await handle.stat()).mode & 0o7777
  const to = copy.intake.open(name, { kind: 'binlog', mode })
  const buffer = Buffer.alloc(pieceBytes)
  for (let offset = 0; offset < position.offset; ) {
    const length = Math.min(pieceBytes, position.offset - offset)
    const { bytesRead } = await handle.read(buffer, 0, length, offset)
    if (bytesRead === 0) throw tooShort(from, offset, position)
    await to.write(offset, buffer.subarray(0, bytesRead), signal)
    copy.read(bytesRead)
    offset += bytesRead
  }
  to.close()
  const index = copy.intake.open(`${path.basename(base ?? '')}.index`, { kind: 'binlog-index', mode })
  await index.write(0, Buffer.from(`./${name}\n`), signal)
  index.close()
  if (facts.gtidMode === undefined || facts.gtidMode === 'OFF') return { position }
  const end = await readBinlogEnd(from, signal, position.offset)
  const logged = GtidSet.parse(end.point.gtid?.text ?? '')
  return { position, gtid: { flavour: 'mysql', text: GtidSet.parse(executed).union(logged).toString() } }
}

function tooShort(file: string, offset: number, position: BinlogPosition): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `${file} has ${offset} bytes, and the server says that it is at ${position.offset}`,
    { file },
    { hint: 'It is perhaps not the log of that server: name its data directory with --datadir DIR.' },
  )
}
