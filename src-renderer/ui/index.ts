/**
 * The primitives of the window. No store, no rpc in here.
 *
 * Tailwind names of the tokens: bg-ground, bg-surface-1..3, border-line, border-line-strong, text-ink-1..3,
 * text-accent-text, bg-accent-soft, text-ok-text, text-amber-text, text-red-text, text-unknown-text, rounded-control,
 * rounded-card, rounded-dialog; sizes text-xs 11, text-sm 12, text-base 13, text-lg 15, text-xl 18, text-2xl 22 px;
 * weights font-normal and font-semibold only.
 *
 * Tooltips: put `data-tip="words"` on any element (one delegated host, free for hundreds of cards), or wrap in <Tooltip>.
 * Dialogs: `const dialogs = useDialogs(); await dialogs.open(Component, props)`; the component renders <DialogFrame> and
 * emits `close` with its result.
 */
/** variant 'primary'|'secondary'|'ghost'|'danger', size 'sm'|'md', icon, loading, disabled; slot: the label. */
export { default as Button } from './Button.vue'
/** icon, label (name and tooltip), size 'sm'|'md', active, variant 'ghost'|'secondary' */
export { default as IconButton } from './IconButton.vue'
/** tone 'neutral'|'accent'|'ok'|'amber'|'red'|'unknown', icon; slot: the words */
export { default as Badge } from './Badge.vue'
/** state: DotState, label (read out; also the tooltip) */
export { default as StateDot } from './StateDot.vue'
export type { DotState } from './dot-state.ts'
/** tone 'plain'|'red'|'amber'|'empty', title?; slots: default, title (left of the head), actions (right of the head) */
export { default as Card } from './Card.vue'
/** title, subtitle?, width px (480), busy; slots: default, footer, footer-note; emits close */
export { default as DialogFrame } from './DialogFrame.vue'
/**
 * As DialogFrame, with a form in it: error, submitLabel ("Save"), disabled, tight, danger, asideWidth; slots: default (the
 * fields), aside, footer-note, actions (before Cancel); emits close, submit; exposes focusWrong()
 */
export { default as FormDialog } from './FormDialog.vue'
/** busy, error and run(work) of a dialog that sends; whether something was typed into a form. */
export { useDialogAct, useDirty } from './dialog-act.ts'
export { default as DialogHost } from './DialogHost.vue'
/** title, text, confirmLabel, cancelLabel?, danger?: resolves true or undefined. `useDialogs().confirm({...})` */
export { default as ConfirmDialog } from './ConfirmDialog.vue'
export { provideDialogs, useDialogs, type Dialogs } from './dialogs.ts'
/** items: MenuItem[], label, align 'start'|'end'; slot: the trigger (one button) */
export { default as Menu } from './Menu.vue'
/** items: () => MenuItem[] (asked for when it is wanted), label: the menu of a table's row */
export { default as RowMenu } from './RowMenu.vue'
export type { MenuItem } from './menu-item.ts'
/** Components that are handed on while a long list is scrolled and filtered. */
export { provideOccupant, SPARE_LOOK, usePlaces } from './places.ts'
/** text; slot: what it explains */
export { default as Tooltip } from './Tooltip.vue'
export { default as TooltipHost } from './TooltipHost.vue'
/** reason: why there is no value. Shows "—". */
export { default as Missing } from './Missing.vue'
/** value: string | null, unit?, reason? (of a null): a figure with a quieter unit, or Missing */
export { default as Figure } from './Figure.vue'
/** v-model (id), tabs: TabItem[] {id, label, count?}, label; slot: the panel of the chosen tab */
export { default as Tabs } from './Tabs.vue'
export type { TabItem } from './tab-item.ts'
/** v-model, options: Option[] {value, label, icon?, disabled?}, label */
export { default as Segmented } from './Segmented.vue'
/** Segmented with its label in sight: v-model, options, label, hint?, layout */
export { default as SegmentedField } from './SegmentedField.vue'
/** id, label, hint?, error?, layout 'stack'|'row', hideLabel; slot: the control */
export { default as FieldFrame } from './FieldFrame.vue'
/** v-model string, label, hint?, error?, type, placeholder, mono, required, autocomplete, disabled, hideLabel, layout */
export { default as TextField } from './TextField.vue'
/** As TextField, with suggestions: string[]; `separated`: of each word between commas and spaces */
export { default as SuggestField } from './SuggestField.vue'
/** v-model string, label, hint?, error?, rows (2), placeholder, mono (true), wrap (true), readonly, hideLabel */
export { default as TextAreaField } from './TextAreaField.vue'
/** v-model number | null, label, min, max, step, unit?, hint?, error?, disabled, layout */
export { default as NumberField } from './NumberField.vue'
/** v-model string, options: Option[], label, hint?, disabled, hideLabel, layout */
export { default as Select } from './Select.vue'
export type { Option } from './option.ts'
/** v-model boolean, label, hint?, disabled */
export { default as Switch } from './Switch.vue'
/** v-model boolean, label, hint?, disabled, hideLabel */
export { default as Checkbox } from './Checkbox.vue'
/**
 * rows: T[], columns: TableColumn<T>[], rowKey(row) → string, label, v-model:sort TableSort | null, rowHeight (32);
 * slots `cell-<column id>` {row}, `empty`; emits open(row) on Enter and on click. selectable, v-model:selected (keys),
 * rowName(row): rows with ticks.
 */
export { default as DataTable } from './DataTable.vue'
/** Ticks of a list that is no DataTable (cards, say). */
export { useListSelection, type ListSelection } from './list-selection.ts'
/** label, summary, clearLabel; slot: the actions; emits clear */
export { default as SelectionBar } from './SelectionBar.vue'
export { rowAfterKey } from './row-keys.ts'
export { sortRows, tableCells, type TableColumn, type TableSort } from './table.ts'
/** title, text, icon?; slot: actions */
export { default as EmptyState } from './EmptyState.vue'
/** error: unknown (AppError, ErrorInfo or anything), title?, compact; emits retry (button shown when listened to) */
export { default as ErrorState } from './ErrorState.vue'
/** width, height (CSS sizes) */
export { default as Skeleton } from './Skeleton.vue'
/** ratio 0..1 | null, label, caption?, size px (72), tone?, reason? */
export { default as Gauge } from './Gauge.vue'
/** ratio 0..1 | null, label (read out), tone?: 'accent'|'amber'|'red' (by the ratio when absent) */
export { default as Bar } from './Bar.vue'
/** points (number|null)[], label, width, height, color (CSS) */
export { default as Sparkline } from './Sparkline.vue'
/** v-model string, label, placeholder, error?; takes `/` from anywhere on the page */
export { default as FilterField } from './FilterField.vue'
/** keys: string[] e.g. ['Ctrl', 'K'] */
export { default as Keys } from './Keys.vue'
/** text, label: copies */
export { copyText } from './copy-text.ts'
export { default as CopyButton } from './CopyButton.vue'
/** text: remote text with its control and bidi characters made visible; mono */
export { default as RemoteText } from './RemoteText.vue'
export { visibleText } from './remote-text.ts'
export { provideToasts, useToasts, type Toasts } from './toasts.ts'
export { default as ToastHost } from './ToastHost.vue'
/** The token colours in JS for charts: reactive to the theme. */
export { useThemeColors, type ThemeColors } from './theme-colors.ts'
/** level of a used ratio: 'accent' below 0.8, 'amber' from 0.8, 'red' from 0.9 */
export { usageTone } from './usage-tone.ts'
