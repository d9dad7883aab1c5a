/** A UUID that is the same in every run. */
export const fakeId = (index: number): string => `00000000-0000-4000-a000-${String(index).padStart(12, '0')}`
