export * from './local-time.ts'
export * from './quantity.ts'
export * from './time.ts'
