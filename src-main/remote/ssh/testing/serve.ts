/** The test server as a process of its own: `node serve.ts '<options in JSON>'` prints its port and ends with its stdin. */
import { startTestServer, type TestServerOptions } from './ssh-test-server.ts'

// ssh2's server throws at times when a compressed connection is cut.
process.on('uncaughtException', (error) => {
  if (error.message === 'Invalid Zlib instance') return
  process.stderr.write(`${error.stack ?? error.message}\n`)
  process.exit(1)
})

const options = JSON.parse(process.argv[2] ?? '{}') as TestServerOptions
const server = await startTestServer(options)
process.stdout.write(`${server.port}\n`)
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
