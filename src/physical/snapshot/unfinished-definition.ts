// Whether files of MariaDB are of an instant within the change of a definition: the log that it would recover from says so.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isThere } from '../is-there.ts'

// ddl_log.cc: blocks of a size that the header tells (bytes 4 and 5), of which the first is the header. A block begins with its kind, and says
// under which number the statement goes into the binary log; 0 as long as it has not come to that.
const sizeOffset = 4
const headerBytes = 6
const xidOffset = 10
/** DDL_LOG_EXECUTE_CODE: something is to be done, or undone, by whoever recovers. What is over is marked otherwise. */
const toBeExecuted = 1

/**
 * False where there is no such log. It has a block of 4 KiB for each step that is under way. `logged`: numbers of statements in the binary log; they are over, whether
 * the mark of that has reached the disk or not.
 */
export async function hasUnfinishedDefinition(
  directory: string,
  logged: ReadonlySet<bigint>,
): Promise<boolean> {
  const file = path.join(directory, 'ddl_recovery.log')
  if (!(await isThere(file))) return false
  const log = await readFile(file)
  if (log.length < headerBytes) return false
  const blockBytes = log.readUInt16LE(sizeOffset)
  if (blockBytes === 0) return false
  for (let at = blockBytes; at + xidOffset + 8 <= log.length; at += blockBytes)
    if (log[at] === toBeExecuted && !logged.has(log.readBigUInt64LE(at + xidOffset))) return true
  return false
}
