export { useCsvExport, type CsvExport, type SeriesExport } from './use-csv-export.ts'
