/** Typed access to the lab for tests: what there is (state.ts) and what may be done to it (faults.ts). */
export * from './faults.ts'
export * from './state.ts'
