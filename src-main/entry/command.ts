/** `npm run export`, `npm run backup`, `npm run status` and `npm run configuration`. */
import { runCommand, isCommandName } from './commands.ts'

const [name = '', ...args] = process.argv.slice(2)
process.exit(await runCommand(isCommandName(name) ? name : 'export', args))
