// Debian packages that a test wants besides the servers: fetched once into their cache, and not installed.
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fetchPackages, type PackageList } from '../../scripts/servers/fetch-packages.ts'
import { exists, findLoader, serverCache } from '../../scripts/servers/installation.ts'
import { whileLocked } from '../../scripts/servers/process-lock.ts'

/** The folder that stands for `/` of them. Processes that ask at the same time share one download; `name` is for these packages alone. */
export async function fetchedPackages(name: string, packages: PackageList): Promise<string> {
  const folder = path.join(serverCache(), name)
  await whileLocked(`${folder}.lock`, async () => {
    if (await exists(folder)) return
    await mkdir(path.dirname(folder), { recursive: true })
    const work = await mkdtemp(`${folder}.partial-`)
    try {
      await fetchPackages(packages, path.join(work, 'image', 'root'), work)
      await rename(path.join(work, 'image'), folder)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
  return path.join(folder, 'root')
}

/** How to start one of their programs, which may be built for a newer libc than this machine's: its own loader and libraries came with it. */
export async function throughLoader(root: string, program: string): Promise<readonly [string, ...string[]]> {
  const loader = await findLoader(root)
  const triplet = path.basename(path.dirname(loader))
  const libraries = ['lib', 'usr/lib'].map((folder) => path.join(root, folder, triplet))
  return [loader, '--library-path', libraries.join(':'), path.join(root, program)]
}
