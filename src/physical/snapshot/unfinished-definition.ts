// Whether files of MariaDB are of an instant within the change of a definition: the log that it would recover from says so.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isThere } from '../is-there.ts'

// ddl_log.cc: blocks of a size that the header tells (bytes 3 and 4), of which the first is the header. A block begins with its kind.
const sizeOffset = 3
const headerBytes = 5
/** DDL_LOG_EXECUTE_CODE: something is to be done, or undone, by whoever recovers. What is over is marked otherwise. */
const toBeExecuted = 1

/** False where there is no such log. It has a block of 4 KiB for each step that is under way. */
export async function hasUnfinishedDefinition(directory: string): Promise<boolean> {
  const file = path.join(directory, 'ddl_recovery.log')
  if (!(await isThere(file))) return false
  const log = await readFile(file)
  if (log.length < headerBytes) return false
  const blockBytes = log.readUInt16LE(sizeOffset)
  if (blockBytes === 0) return false
  for (let at = blockBytes; at < log.length; at += blockBytes) if (log[at] === toBeExecuted) return true
  return false
}
