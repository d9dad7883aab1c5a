export interface TabItem {
  readonly id: string
  readonly label: string
  /** A quiet number behind the label. */
  readonly count?: number | null
}
