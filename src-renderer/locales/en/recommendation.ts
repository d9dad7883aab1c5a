/** Which server is a good choice now, and why. Reasons stand in one line, with commas between. */
export const recommendation = {
  level: { good: 'Good choice', fair: 'If need be', poor: 'Better not' },
  tip: '{level}: {reasons}',
  reason: {
    off: 'off',
    noValues: 'no values yet',
    alertRed: 'a RED alert',
    alertAmber: 'an AMBER alert',
    cpuBusy: 'CPU {value} busy',
    cpuFree: '{value} thread free | {value} threads free',
    memoryShort: 'only {value} memory free',
    memoryFree: '{value} memory free',
    diskShort: 'disks {value} full',
    gpuMemoryFree: '{value} GPU free',
    gpuBusy: 'GPU {value} busy',
    pressure: 'waits for memory or disks {value} of the time',
    swapping: '{value} of the swap used',
    lookOnly: 'look only',
    noLibvirt: 'no libvirt',
    maintenance: 'in maintenance'
  },
  shareFree: 'CPU free',
  best: {
    title: 'Best now',
    by: 'by {what}',
    menu: 'Best by',
    what: { gpuMemory: 'GPU memory', cpu: 'CPU', memory: 'memory' },
    rank: 'Number {rank} of the best now',
    none: 'No server is on that could be recommended.',
    failed: 'Which servers are the best is not known at the moment.'
  },
  table: { level: 'Level', pending: 'Not judged yet' }
}
