/** The victim of restore-crash.test.ts: applies the waiting restore. Arguments: data folder, step at which it is killed. */
import { killAtStep } from '../kill-at.ts'

const [folder = '', step = '0'] = process.argv.slice(2)
killAtStep(Number(step))
const { dataFiles } = await import('../files.ts')
const { applyPendingRestore } = await import('./pending-restore.ts')
process.stdout.write(applyPendingRestore(dataFiles(folder), () => undefined) ?? '')
