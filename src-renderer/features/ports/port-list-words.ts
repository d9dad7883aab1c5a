/** What is wrong with a list of ports, in words. Pure: words come in. */
import { MAX_SCAN_PORTS, type PortListProblem } from '#contract/port-list.ts'
import { visibleText } from '../../ui/index.ts'

export function portListProblem(
  problem: PortListProblem,
  text: (key: string, values: Record<string, string | number>) => string
): string {
  switch (problem.kind) {
    case 'empty':
      return text('problem.empty', {})
    case 'notAPort':
    case 'backwards':
      return text(`problem.${problem.kind}`, { part: visibleText(problem.part.slice(0, 40)) })
    case 'tooMany':
      return text('problem.tooMany', { count: problem.count, most: MAX_SCAN_PORTS })
  }
}
