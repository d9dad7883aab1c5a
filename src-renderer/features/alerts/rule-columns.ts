/** Columns of the table of rules. Pure: words come in. */
import type { AlertRule } from '#contract/alert-rules.ts'
import type { TableColumn } from '../../ui/index.ts'
import type { RuleWords } from './rule-words.ts'

export interface RuleColumnWords {
  readonly rules: RuleWords
  readonly header: (id: string) => string
  readonly level: (rule: AlertRule) => string
  readonly overrides: (count: number) => string
  readonly telling: (rule: AlertRule) => string
}

export function ruleColumns(words: RuleColumnWords): readonly TableColumn<AlertRule>[] {
  const { header, rules } = words
  const text = (id: string, width: string, of: (rule: AlertRule) => string): TableColumn<AlertRule> => ({
    id,
    header: header(id),
    width,
    sortBy: of,
    text: of
  })
  return [
    { id: 'on', header: header('on'), width: '36px', sortBy: (rule) => (rule.enabled ? 0 : 1) },
    text('name', 'minmax(150px, 1.4fr)', rules.name),
    text('what', 'minmax(110px, 1fr)', (rule) => rules.whatAll(rule.watch)),
    text('condition', 'minmax(190px, 2.4fr)', (rule) => rules.condition(rule.watch, rule.condition)),
    text('scope', 'minmax(90px, 0.8fr)', (rule) => rules.scopes(rule.scopes)),
    {
      id: 'overrides',
      header: header('overrides'),
      width: '92px',
      sortBy: (rule) => rule.overrides.length,
      text: (rule) => words.overrides(rule.overrides.length)
    },
    text('level', '76px', words.level),
    text('telling', 'minmax(96px, 0.9fr)', words.telling)
  ]
}
