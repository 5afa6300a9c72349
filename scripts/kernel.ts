// Compiles the row kernel into its checked-in module: `npm run kernel`; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'

const generated = new URL('../src/bytes/kernel/kernel.generated.ts', import.meta.url)
const entry = 'rows.as.ts'
/** By the names that they import each other by. */
const sources = new Map([
  [entry, new URL('../src/bytes/kernel/rows.as.ts', import.meta.url)],
  ['escape.as.ts', new URL('../src/bytes/kernel/escape.as.ts', import.meta.url)],
  ['xxh64.as.ts', new URL('../src/bytes/kernel/xxh64.as.ts', import.meta.url)],
])
const options = '-O3 --noAssert --converge --runtime stub --enable simd --use abort='

/** What this script uses of assemblyscript/asc, whose own types declare AssemblyScript's globals over Node's. */
interface Compiler {
  main(
    args: readonly string[],
    io: {
      readFile(name: string): string | null
      writeFile(name: string, content: Uint8Array): void
      listFiles(): readonly string[]
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>
}

/** The text of kernel.generated.ts as it follows from rows.as.ts: the same bytes on every machine. */
export async function compileKernel(): Promise<string> {
  const name: string = 'assemblyscript/asc'
  const loaded: { readonly default: Compiler } = await import(name)
  let wasm: Uint8Array | undefined
  const { error, stderr } = await loaded.default.main(
    [entry, '--outFile', 'rows.wasm', ...options.split(' ')],
    {
      readFile: (file) => textOf(sources.get(file)),
      writeFile: (file, content) => {
        if (file === 'rows.wasm') wasm = content
      },
      listFiles: () => [],
    },
  )
  if (error !== null || wasm === undefined) throw new Error(`kernel does not compile:\n${stderr.toString()}`)
  const lines =
    Buffer.from(wasm)
      .toString('base64')
      .match(/.{1,100}/g) ?? []
  return [
    '// The compiled row kernel. Written by `npm run kernel` from rows.as.ts; a test compares.',
    'export const kernelModule =',
    ...lines.map((line, at) => `  '${line}'${at === lines.length - 1 ? '' : ' +'}`),
    '',
  ].join('\n')
}

/** Null is how the compiler is told that there is no such file. */
function textOf(file: URL | undefined): string | null {
  return file === undefined ? null : readFileSync(file, 'utf8')
}

if (import.meta.main) {
  const text = await compileKernel()
  if (!process.argv.includes('--check')) writeFileSync(generated, text)
  else if (readFileSync(generated, 'utf8') !== text) {
    console.error('kernel.generated.ts is older than rows.as.ts; run: npm run kernel')
    process.exitCode = 1
  }
}
