/** Answers of the services' scripts, of test/recorded/services. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const FOLDER = resolve(import.meta.dirname, '../recorded/services')

export const RECORDED_SERVICES = readdirSync(FOLDER).filter((file) => file.endsWith('.txt'))

export const recordedServices = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')
