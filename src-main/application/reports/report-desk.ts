/** What a report needs of the platform: its folder, paper, and a program to show it with. Implemented by `platform/`. */
import type { ReportFormat } from '#contract/reports.ts'

export interface PdfPrinter {
  /**
   * The pages of an HTML file of this console, as PDF. It runs no script and reaches no network.
   * Throws pdfNotPossible (`reason`: noBrowser, failed), deadlineExceeded, cancelled.
   */
  print(htmlPath: string, signal: AbortSignal): Promise<Uint8Array>
}

export interface ReportDesk {
  readonly printer: PdfPrinter
  /** The system's dialog; null = there is none here. */
  readonly chooseFolder: (() => Promise<string | null>) | null
  /** Opens the file with the system's own program (null), or gives an address of this console to open it at. */
  open(path: string, format: ReportFormat): Promise<string | null>
}

export interface ReportFiles {
  /** `reports` in the data folder. */
  readonly defaultFolder: string
  /** Makes the folder where it is missing and tries to write in it. Throws fileNotWritable, diskFull. */
  check(folder: string): Promise<void>
  /** Written beside and renamed: there is never half a report under its name. Returns its size. Throws fileNotWritable, diskFull. */
  write(
    folder: string,
    name: string,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  ): Promise<number>
  /** A file that is gone after the work; `work` gets its path. */
  withTemporary<T>(
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    work: (path: string) => Promise<T>
  ): Promise<T>
  /** Throws notFound (`what`: reportFile). */
  pathOf(folder: string, name: string): Promise<string>
  /** Throws notFound (`what`: reportFile). */
  read(folder: string, name: string): AsyncIterable<Uint8Array>
  /** One that is gone already is gone. Throws fileNotWritable. */
  remove(folder: string, name: string): Promise<void>
}
