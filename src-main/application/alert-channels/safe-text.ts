/**
 * Text that a server, a guest or a stranger chose, on its way into a message. What misleads or ends a line becomes visible: line
 * breaks, control and bidi characters, what shows nothing, lone surrogates. A header, a subject or a sentence stays one.
 */
import { MISLEADING, madeVisible } from '#contract/misleading-text.ts'

const MAX_NAME = 120

/** One line, at most `most` characters long. */
export function safeText(text: string, most = MAX_NAME): string {
  // Cut before and after: a mebibyte of controls is not made eight times as long first.
  return cut(cut(text, most).replace(MISLEADING, madeVisible), most)
}

/** Never cuts a character in two. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const end = most - 1
  return `${text.slice(0, isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end)}…`
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** Every text within, however deep, made safe; for JSON. Numbers and the like stay. */
export function safeTexts<T>(value: T): T {
  if (typeof value === 'string') return safeText(value) as T
  if (Array.isArray(value)) return value.map((item: unknown) => safeTexts(item)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => [name, safeTexts(item)])
  ) as T
}
