#!/usr/bin/env node
// Starts Holdfast. Plain old JavaScript without static imports, so that even a Node from years ago can read it and say
// what is wrong, in one line, instead of failing on syntax that it does not know.
var wanted = [24, 12]
var found = process.versions.node.split('.').map(Number)

if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  console.error(
    'holdfast: needs Node ' +
      wanted.join('.') +
      ' or newer, and this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ')',
  )
  process.exitCode = 23
} else {
  boundMemory()
  start().catch(function (error) {
    console.error(error)
    process.exitCode = 70
  })
}

// V8 lets the young part of its heap grow with the machine's memory, to 128 MiB where there are 24 GiB. Work on any amount of
// data shall fit in 300 MiB, and is about as fast with 4 MiB a half; with 1 MiB where each of several threads has a heap of its own. That can
// only be said to Node before it starts, so verbs that work long start it once more, as the same process (30 ms).
function boundMemory() {
  var isLong = ['backup', 'import', 'restore', 'stream', 'verify'].indexOf(process.argv[2]) !== -1
  var isSaid = process.execArgv.some(function (flag) {
    return flag.indexOf('--max-semi-space-size') === 0
  })
  if (!isLong || isSaid || typeof process.execve !== 'function') return
  var flags = ['--max-semi-space-size=' + (process.argv[2] === 'backup' ? 1 : 4)].concat(process.execArgv)
  // glibc gives each thread heaps of its own, which keep what was freed in them.
  var env = Object.assign({ MALLOC_ARENA_MAX: '2' }, process.env)
  process.execve(process.execPath, [process.execPath].concat(flags, process.argv.slice(1)), env)
}

// A package from the registry has dist/ alone. A checkout runs its sources, so that a forgotten dist/ from an earlier
// build can never answer in their place.
function start() {
  return import('node:v8')
    .then(function (v8) {
      // Old objects may grow by this much before they are collected, rather than by as much again as there is: a restore of 50,000 files takes
      // 190 MiB in place of 300, and no more time. V8 passes over what it does not know.
      if (process.argv[2] !== 'backup') v8.setFlagsFromString('--heap-growing-percent=40')
      return import('node:module')
    })
    .then(function (nodeModule) {
      nodeModule.enableCompileCache()
      return import('../src/cli/main.ts')
    })
    .catch(function (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.url).endsWith('/src/cli/main.ts'))
        throw error
      return import('../dist/main.js')
    })
    .then(function (cli) {
      return cli.main()
    })
}
