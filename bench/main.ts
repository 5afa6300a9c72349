// `npm run bench -- <name> [options]`: comparisons with the peers, each side by side in one run.
const benches = new Map([
  ['archive', () => import('./archive.ts')],
  ['clone', () => import('./clone.ts')],
  ['logical', () => import('./logical.ts')],
  ['physical', () => import('./physical.ts')],
  ['replay', () => import('./replay.ts')],
])

const [name = '', ...args] = process.argv.slice(2)
const bench = benches.get(name)
if (!bench) {
  process.stderr.write(`usage: npm run bench -- ${[...benches.keys()].join('|')} [options]\n`)
  process.exit(2)
}
await (await bench()).run(args)
