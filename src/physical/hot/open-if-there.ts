// Files of a server that runs may go at any time: between the moment they are seen and the moment they are opened too.
import { type FileHandle, open } from 'node:fs/promises'

/** For reading. Undefined where there is none. */
export async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
