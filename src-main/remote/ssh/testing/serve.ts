/** The test server as a process of its own: `node serve.ts '<options in JSON>'` prints its port and ends with its stdin. */
import { startTestServer, type TestServerOptions } from './ssh-test-server.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as TestServerOptions
const server = await startTestServer(options)
process.stdout.write(`${server.port}\n`)
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
