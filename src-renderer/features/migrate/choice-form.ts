import type { MigrationChoice } from '#contract/migration.ts'

/** What is chosen beside the servers and the places. */
export interface ChoiceForm {
  kind: MigrationChoice['kind']
  way: MigrationChoice['way']
  route: MigrationChoice['route']
  storage: MigrationChoice['storage']
  /** Of a copy. */
  newName: string
}
