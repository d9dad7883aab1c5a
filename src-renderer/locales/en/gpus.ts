/** Graphics cards of a server. */
import type { GpuHint } from '#contract/gpus.ts'

export const gpus = {
  title: 'Graphics cards',
  none: { title: 'No graphics card is measured' },
  loading: 'Reading the graphics cards',
  driver: 'driver {version}',
  cuda: 'CUDA {version}',
  count: '{count} card | {count} cards',
  free: '{size} free',
  age: 'read {age} ago',
  memory: 'Memory',
  memoryOf: 'Memory of GPU {index}',
  busy: 'Busy',
  busyOf: 'GPU {index} busy',
  temperature: 'Temperature',
  power: 'Power',
  fan: 'Fan',
  clock: 'Clock',
  limit: 'of {watts}',
  slices: '{count} slice | {count} slices',
  slice: 'Slice {index}',
  sliceUse: 'Memory of slice {index}',
  busySliced: 'A card that is divided into slices does not tell how busy it is as a whole.',
  notTold: 'The card or its driver does not tell.',
  faulty: 'answers with errors',
  identity: '{address} · {uuid}',
  idle: 'idle',
  hint: {
    persistenceOff:
      'Persistence mode is off: the driver is loaded anew for each program, which takes seconds and slows every question.',
    driverMismatch:
      'The driver was upgraded and the old kernel module still runs. Restart the server, or unload the NVIDIA modules and load them again.',
    driverNotLoaded: 'The kernel module of the graphics driver is not loaded.',
    gpuLost: 'A card has fallen off the bus. nvidia-smi tells of no card until the server was restarted.',
    gpuFault: 'A card answers with errors where values should be. It wants a reset.',
    toolMissing: 'There is an NVIDIA card, and nvidia-smi is not installed. It comes with NVIDIA’s driver.',
    stalled: 'nvidia-smi does not answer. It was ended and is started again after a pause.',
    denied: 'The login user may not use the cards.'
  } satisfies Record<GpuHint['kind'], string>,
  processes: {
    title: 'Processes',
    none: 'No process uses a card.',
    unknown: 'The processes could not be read.',
    card: 'Card',
    pid: 'PID',
    user: 'User',
    name: 'Program',
    memory: 'Memory',
    kind: 'Kind',
    kinds: { compute: 'compute', graphics: 'graphics' },
    userUnknown: 'The process is not visible to the login user, or has ended.',
    nameUnknown: 'The driver hides it from the login user.',
    csvTip: 'Save the table as CSV',
    csv: 'GPU processes'
  },
  chart: {
    memory: 'GPU memory',
    busy: 'GPU busy',
    temperature: 'GPU temperature',
    power: 'GPU power',
    slices: 'Memory of slices'
  }
}
