/** Makes anything fit for the log: bounded in size and depth, errors with their causes, nothing under a secret's name. */

const SECRET_NAME = /pass(word|phrase)|secret|token|private_?key|cookie|credential|authorization/i
const MAX_TEXT = 2_000
const MAX_ITEMS = 50
const MAX_DEPTH = 6

export function safeFields(fields: Record<string, unknown>): Record<string, unknown> {
  return safeObject(fields, 0)
}

function safe(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return '[function]'
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '[deeper]'
  if (value instanceof Error) return safeError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => safe(item, depth + 1))
  // Secret prints itself as [redacted]; dates as their text.
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return safe((toJSON as () => unknown).call(value), depth + 1)
  return safeObject(value, depth)
}

function safeObject(value: object, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value).slice(0, MAX_ITEMS)) {
    const isSecret = SECRET_NAME.test(name) && item !== null && typeof item !== 'boolean'
    result[name] = isSecret ? '[redacted]' : safe(item, depth + 1)
  }
  return result
}

function safeError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = error as Error & Record<string, unknown>
  return {
    type: name ?? error.name,
    message: safe(message ?? error.message, depth),
    stack: safe(stack ?? error.stack, depth),
    ...safeObject(rest, depth + 1),
    ...(error.cause !== undefined && { cause: safe(cause ?? error.cause, depth + 1) })
  }
}
