/** Text of one stream of a lane, searched for marks on lines of their own, across the borders of chunks. */

interface Waiting {
  readonly marks: readonly string[]
  /** What stood between the marks found so far. */
  readonly sections: string[]
  found: number
  resolve(sections: readonly string[]): void
}

export class LaneText {
  overflowed = false
  readonly #decoder = new TextDecoder()
  readonly #maxChars: number
  readonly #onOverflow: () => void
  /** What came since the last line feed. */
  #partial = ''
  #section: string[] = []
  #sectionChars = 0
  #waiting: Waiting | null = null
  #tail = ''

  constructor(maxChars: number, onOverflow: () => void) {
    this.#maxChars = maxChars
    this.#onOverflow = onOverflow
  }

  push(chunk: Uint8Array): void {
    if (this.overflowed) return
    const text = this.#decoder.decode(chunk, { stream: true })
    // A line of many megabytes must not be split anew with each of its chunks.
    if (text.includes('\n')) {
      const lines = (this.#partial + text).split('\n')
      this.#partial = lines.pop() ?? ''
      for (const line of lines) this.#takeLine(line)
    } else {
      this.#partial += text
    }
    if (this.#sectionChars + this.#partial.length <= this.#maxChars) return
    this.overflowed = true
    this.#section = []
    this.#partial = ''
    this.#onOverflow()
  }

  /** Resolves when the line has come; everything up to it is dropped. */
  async cutAtLine(mark: string): Promise<void> {
    await this.sections([mark])
  }

  /** Resolves with the texts between the marks once the last one has come; what stands before the first is dropped. */
  sections(marks: readonly string[]): Promise<readonly string[]> {
    return new Promise((resolve) => {
      this.#waiting = { marks, sections: [], found: 0, resolve }
      this.#startSection()
    })
  }

  /** The last characters that came outside of answers, for the log and for error words. */
  tail(maxChars: number): string {
    return (this.#tail + this.#section.join('\n') + this.#partial).slice(-maxChars)
  }

  #takeLine(line: string): void {
    const waiting = this.#waiting
    if (waiting === null || line !== waiting.marks[waiting.found]) {
      // Nobody listens (noise, prompts) or the first mark is still to come: only the tail is kept.
      if (waiting === null || waiting.found === 0) this.#tail = `${this.#tail}${line}\n`.slice(-4_000)
      else {
        this.#section.push(line)
        this.#sectionChars += line.length + 1
      }
      return
    }
    if (waiting.found > 0) waiting.sections.push(this.#section.join('\n'))
    waiting.found++
    this.#startSection()
    if (waiting.found < waiting.marks.length) return
    this.#waiting = null
    waiting.resolve(waiting.sections)
  }

  #startSection(): void {
    this.#section = []
    this.#sectionChars = 0
  }
}
