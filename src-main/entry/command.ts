/** `npm run export` and `npm run backup`. */
import { runCommand } from './commands.ts'

const [name = '', ...args] = process.argv.slice(2)
process.exit(await runCommand(name === 'backup' ? 'backup' : 'export', args))
