import type { Component } from 'vue'

export interface MenuAction {
  readonly id: string
  readonly label: string
  readonly icon?: Component
  /** Set: the item cannot be chosen now, and this says why. */
  readonly disabledReason?: string
  readonly danger?: boolean
  /** Ticked or not, for a choice that stays. */
  readonly checked?: boolean
  /** One of several ticks: the menu stays for the next one. */
  readonly keepOpen?: boolean
  readonly onSelect: () => void
}
export interface MenuSeparator {
  readonly id: string
  readonly separator: true
}
export interface MenuHeading {
  readonly id: string
  readonly heading: string
}
export type MenuItem = MenuAction | MenuSeparator | MenuHeading
