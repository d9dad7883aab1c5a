/** The kind of a change in words; one of another version of the console is shown as it was kept. */
import { MachineChange } from '#contract/configuration.ts'
import { visibleText } from '../../ui/index.ts'

const KINDS: ReadonlySet<string> = new Set(MachineChange.options.map(({ shape }) => shape.kind.value))

export const kindText = (t: (key: string) => string, kind: string): string =>
  KINDS.has(kind) ? t(`configuration.kinds.${kind}`) : visibleText(kind)
