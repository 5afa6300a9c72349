// A certificate authority for one test, with a server's and a client's certificate, made by the openssl program.
import path from 'node:path'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { guardedFolder } from '../../scripts/servers/warden.ts'

export interface Certificates extends AsyncDisposable {
  readonly folder: string
  readonly caFile: string
  /** Valid for the names `localhost` and `127.0.0.1`. */
  readonly serverCertFile: string
  readonly serverKeyFile: string
  readonly clientCertFile: string
  readonly clientKeyFile: string
  /** An authority that signed none of the above. */
  readonly otherCaFile: string
}

/** PEM files in a folder that is removed on dispose, and at the latest when the process is gone. */
export async function createCertificates(): Promise<Certificates> {
  const folder = await guardedFolder('hf-tls')
  const file = (name: string) => path.join(folder.path, name)
  const openssl = (line: string) => runProgram('openssl', line.split(' '), { cwd: folder.path })
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
  const authority = (name: string) =>
    openssl(`req -x509 ${newKey} -subj /CN=${name} -keyout ${name}-key.pem -out ${name}.pem`)
  const names = '-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE'
  const signed = (name: string, commonName: string) =>
    openssl(
      `req -x509 ${newKey} -subj /CN=${commonName} ${names} -CA ca.pem -CAkey ca-key.pem -keyout ${name}-key.pem -out ${name}.pem`,
    )
  try {
    await Promise.all([authority('ca'), authority('other-ca')])
    await Promise.all([signed('server', 'localhost'), signed('client', 'holdfast-client')])
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
  return {
    folder: folder.path,
    caFile: file('ca.pem'),
    serverCertFile: file('server.pem'),
    serverKeyFile: file('server-key.pem'),
    clientCertFile: file('client.pem'),
    clientKeyFile: file('client-key.pem'),
    otherCaFile: file('other-ca.pem'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
