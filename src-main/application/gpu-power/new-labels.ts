/** Names for people go into the history once per connection, and again when they change. */
import type { Tick } from '../storage.ts'

type Label = NonNullable<Tick['labels']>[number]

export class NewLabels {
  readonly #known = new Map<string, string>()

  of(labels: readonly Label[]): readonly Label[] {
    return labels.filter(({ kind, key, label }) => {
      const id = `${kind} ${key}`
      if (this.#known.get(id) === label) return false
      this.#known.set(id, label)
      return true
    })
  }
}
