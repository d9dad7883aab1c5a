/**
 * The filter language of lists: `tag:web state:on cpu>80 name text`. Pure.
 *
 * Words are looked for anywhere in the texts of a row; all terms must hold. `field:a,b` holds when one of the values fits,
 * `field:*` when there is any;
 * `number>8` compares (>, >=, <, <=, =); a leading `-` turns a term around; quotes keep spaces together.
 */
export interface FilterVocabulary {
  /** Names before a colon. */
  readonly fields: readonly string[]
  /** Names before a comparison. */
  readonly numbers: readonly string[]
}

/** A row as the filter sees it. */
export interface FilterSubject {
  readonly texts: readonly string[]
  /** Texts per field. A value fits when it begins with what was typed. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  /** null never fits a comparison. Percent for ratios. */
  readonly numbers: Readonly<Record<string, number | null>>
}

type Comparison = '>' | '>=' | '<' | '<=' | '='

export type FilterTerm =
  | { readonly kind: 'text'; readonly negated: boolean; readonly text: string }
  | {
      readonly kind: 'field'
      readonly negated: boolean
      readonly field: string
      readonly values: readonly string[]
    }
  | {
      readonly kind: 'number'
      readonly negated: boolean
      readonly name: string
      readonly comparison: Comparison
      readonly value: number
    }

export interface Filter {
  readonly terms: readonly FilterTerm[]
  /** Terms that look like the language and are not: shown to the operator, taken as text. */
  readonly problems: readonly string[]
}

const TOKEN = /(?:[^\s"]|"[^"]*"?)+/g
const FIELD = /^([a-z]+):(.*)$/i
const NUMBER = /^([a-z]+)(>=|<=|>|<|=)(.*)$/i

/** Case and accents do not matter. */
const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
const unquote = (text: string): string => text.replaceAll('"', '')

export function parseFilter(text: string, vocabulary: FilterVocabulary): Filter {
  const terms: FilterTerm[] = []
  const problems: string[] = []
  for (const token of text.match(TOKEN) ?? []) {
    const negated = token.length > 1 && token.startsWith('-')
    const body = negated ? token.slice(1) : token
    const term = parseTerm(body, negated, vocabulary)
    if (term === null) problems.push(token)
    // What is half typed (`tag:`) hides nothing yet.
    else if (term !== 'incomplete') terms.push(term)
  }
  return { terms, problems }
}

function parseTerm(
  body: string,
  negated: boolean,
  vocabulary: FilterVocabulary
): FilterTerm | 'incomplete' | null {
  const numeric = NUMBER.exec(body)
  if (numeric !== null) {
    const [, name = '', comparison = '=', typed = ''] = numeric
    if (!vocabulary.numbers.includes(name.toLowerCase())) return null
    if (typed === '') return 'incomplete'
    const value = Number(typed.replace(/%$/, ''))
    if (!Number.isFinite(value)) return null
    return { kind: 'number', negated, name: name.toLowerCase(), comparison: comparison as Comparison, value }
  }
  const field = FIELD.exec(body)
  if (field !== null && !body.startsWith('"')) {
    const [, name = '', typed = ''] = field
    if (vocabulary.fields.includes(name.toLowerCase())) {
      const values = unquote(typed)
        .split(',')
        .map((value) => fold(value.trim()))
        .filter((value) => value !== '')
      return values.length === 0
        ? 'incomplete'
        : { kind: 'field', negated, field: name.toLowerCase(), values }
    }
    // A MAC or IPv6 address holds colons too: text, unless it names no field of ours.
    if (!/^[0-9a-f]{1,4}:/i.test(body)) return null
  }
  const plain = fold(unquote(body))
  return plain === '' ? 'incomplete' : { kind: 'text', negated, text: plain }
}

function compares(actual: number, comparison: Comparison, wanted: number): boolean {
  switch (comparison) {
    case '>':
      return actual > wanted
    case '>=':
      return actual >= wanted
    case '<':
      return actual < wanted
    case '<=':
      return actual <= wanted
    case '=':
      return actual === wanted
  }
}

function holds(term: FilterTerm, subject: FilterSubject): boolean {
  switch (term.kind) {
    case 'text':
      return subject.texts.some((text) => fold(text).includes(term.text))
    case 'field': {
      const own = (subject.fields[term.field] ?? []).map(fold)
      return term.values.some((value) =>
        own.some((candidate) => (value === '*' ? candidate !== '' : candidate.startsWith(value)))
      )
    }
    case 'number': {
      const actual = subject.numbers[term.name] ?? null
      return actual !== null && compares(actual, term.comparison, term.value)
    }
  }
}

/** True when all terms hold. A term about a missing number never holds, also not when turned around. */
export function matchesFilter(filter: Filter, subject: FilterSubject): boolean {
  return filter.terms.every((term) => {
    if (term.kind === 'number' && (subject.numbers[term.name] ?? null) === null) return false
    return holds(term, subject) !== term.negated
  })
}
