/** Whether a text is well-formed XML, by the browser's own parser. The engine and libvirt look at it again. */
export interface XmlProblem {
  readonly message: string
  /** From 1. */
  readonly line: number | null
}

export function xmlProblem(text: string): XmlProblem | null {
  const parsed = new DOMParser().parseFromString(text, 'application/xml')
  const error = parsed.querySelector('parsererror')
  if (error === null) return null
  const words = error.textContent
  const line = /line (?:number )?(\d+)/i.exec(words)?.[1]
  // Chromium: "This page contains the following errors:error on line 3 at column 5: …Below is a rendering …"
  const message = /column \d+: (.*?)(?:Below is|$)/s.exec(words)?.[1] ?? words
  return { message: message.trim().slice(0, 300), line: line === undefined ? null : Number(line) }
}
