export const reports = {
  tab: { label: 'Parts of the reports', statistics: 'Statistics' }
}
