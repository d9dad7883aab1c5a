export const ui = {
  ok: 'OK',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  retry: 'Try again',
  copy: 'Copy',
  copied: 'Copied',
  copyFailed: 'The clipboard could not be used.',
  clearFilter: 'Clear the filter',
  noReason: 'It was not reported.',
  missing: 'no value: {reason}',
  incident: 'Incident {id}',
  loading: 'Loading…',
  actions: 'Actions',
  select: 'Tick {name}',
  selectAll: 'Tick all rows shown',
  /** Headings among the rows of a table. */
  group: { select: 'Tick all of {name}' }
}
