/** Where the cards of the fleet stand: lines of as many as fit side by side, and headings of groups. Pure. */
import type { ServerView } from '#contract/servers.ts'
import type { FleetGroup } from './fleet-list.ts'

export const CARD_HEIGHT_PX = 196
export const CARD_LEAST_WIDTH_PX = 268
export const CARD_GAP_PX = 12
const HEADING_PX = 28
/** Above a heading that follows cards. */
const GROUP_GAP_PX = 4

export interface CardPlace {
  /** Group and server: by tag, a server can stand in two groups. */
  readonly key: string
  readonly server: ServerView
  readonly line: number
  readonly column: number
}

export type CardLine =
  | { readonly kind: 'heading'; readonly group: FleetGroup; readonly heightPx: number }
  | { readonly kind: 'cards'; readonly cards: readonly CardPlace[]; readonly heightPx: number }

export interface CardLayout {
  readonly lines: readonly CardLine[]
  /** All cards in the order of reading. */
  readonly places: readonly CardPlace[]
}

/** @returns at least one */
export const columnsOf = (widthPx: number): number =>
  Math.max(1, Math.floor((widthPx + CARD_GAP_PX) / (CARD_LEAST_WIDTH_PX + CARD_GAP_PX)))

export function layCards(
  groups: readonly FleetGroup[],
  { columns, headings }: { readonly columns: number; readonly headings: boolean }
): CardLayout {
  const lines: CardLine[] = []
  const places: CardPlace[] = []
  for (const group of groups) {
    if (headings)
      lines.push({ kind: 'heading', group, heightPx: HEADING_PX + (lines.length === 0 ? 0 : GROUP_GAP_PX) })
    for (let from = 0; from < group.servers.length; from += columns) {
      const cards = group.servers.slice(from, from + columns).map((server, column) => ({
        key: `${group.name}\n${server.record.id}`,
        server,
        line: lines.length,
        column
      }))
      lines.push({ kind: 'cards', cards, heightPx: CARD_HEIGHT_PX + CARD_GAP_PX })
      places.push(...cards)
    }
  }
  return { lines, places }
}

/**
 * The card that an arrow, Home or End leads to from the one at an index of `places`; -1 = from none.
 * @returns an index of `places`; null = the key moves nothing, or there is nothing that way
 */
export function placeAfterKey({ lines, places }: CardLayout, key: string, from: number): number | null {
  const within = (index: number): number | null => (places[index] === undefined ? null : index)
  switch (key) {
    case 'Home':
      return within(0)
    case 'End':
      return within(places.length - 1)
    case 'ArrowLeft':
      return within(from - 1)
    case 'ArrowRight':
      return within(from + 1)
    case 'ArrowUp':
    case 'ArrowDown': {
      const at = places[from]
      if (at === undefined) return null
      const others = key === 'ArrowDown' ? lines.slice(at.line + 1) : lines.slice(0, at.line).reverse()
      const next = others.find((line) => line.kind === 'cards')
      const card = next?.cards[Math.min(at.column, next.cards.length - 1)]
      return card === undefined ? null : places.indexOf(card)
    }
  }
  return null
}
