export { default as RangeFields } from './RangeFields.vue'
export { default as ServerPicker } from './ServerPicker.vue'
export { follow, useCsvExport, type CsvExport, type SeriesExport } from './use-csv-export.ts'
export { useExportDialog, type ExportDialogs, type ExportStart } from './use-export-dialog.ts'
