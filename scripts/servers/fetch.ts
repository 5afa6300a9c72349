// Fetches the named server kinds (all of them by default) into the cache: `node scripts/servers/fetch.ts [kind…]`.
import { ensureInstallation } from './installation.ts'
import { isServerKind, serverKinds } from './server-kinds.ts'

const named = process.argv.slice(2)
const unknown = named.filter((kind) => !isServerKind(kind))
if (unknown.length > 0) {
  process.stderr.write(`no such server: ${unknown.join(', ')}; there are ${serverKinds.join(', ')}\n`)
  process.exit(2)
}
const wanted = named.length === 0 ? serverKinds : named.filter(isServerKind)
const installed = await Promise.all(wanted.map((kind) => ensureInstallation(kind)))
for (const { kind, version, programFolder } of installed) {
  process.stdout.write(`${kind}: ${version} in ${programFolder}\n`)
}
