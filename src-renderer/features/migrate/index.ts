export { useMigration } from './use-migration.ts'
