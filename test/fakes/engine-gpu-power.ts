/** Graphics cards, power and sensors of the engine in memory: every server has what the servers named gpu-… have. */
import type { Handlers } from '#contract/define.ts'
import type { GpusView } from '#contract/gpus.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { PowerOptions, PowerView, SensorsView } from '#contract/power.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type GpuPowerHandlers = Pick<
  Handlers<VirthelmContract>,
  'gpus.watch' | 'power.watch' | 'sensors.watch' | 'power.energy' | 'power.setOptions'
>

const MIB = 1024 ** 2
export const FAKE_GPU_KEY = 'GPU-0a1b2c3d-1111-2222-3333-444455556666'

export const fakeGpus = (): GpusView => ({
  atMs: Date.now(),
  driverVersion: '550.90.07',
  cudaVersion: '12.4',
  cards: [
    {
      key: FAKE_GPU_KEY,
      vendor: 'nvidia',
      index: 0,
      name: 'NVIDIA A100-SXM4-40GB',
      uuid: FAKE_GPU_KEY,
      pciAddress: '0000:07:00.0',
      driver: 'nvidia',
      memoryTotalBytes: 40_960 * MIB,
      memoryUsedBytes: 9_893 * MIB,
      memoryFreeBytes: 30_458 * MIB,
      utilisationRatio: null,
      temperatureCelsius: 36,
      powerWatts: 78.4,
      powerLimitWatts: 400,
      fanRatio: null,
      frequencyMhz: null,
      migEnabled: true,
      slices: [
        {
          key: 'MIG-2c9f1a3e-88d4-5a0b-9d35-6f9f2ab8e0c1',
          index: 0,
          profile: '3g.20gb',
          memoryUsedBytes: 9_856 * MIB,
          memoryTotalBytes: 19_968 * MIB
        }
      ],
      faulty: false
    },
    {
      key: '0000:03:00.0',
      vendor: 'amd',
      index: 1,
      name: 'Radeon \u202eRX',
      uuid: null,
      pciAddress: '0000:03:00.0',
      driver: 'amdgpu',
      memoryTotalBytes: 24_560 * MIB,
      memoryUsedBytes: 1_024 * MIB,
      memoryFreeBytes: 23_536 * MIB,
      utilisationRatio: 0.04,
      temperatureCelsius: 44,
      powerWatts: 29,
      powerLimitWatts: 327,
      fanRatio: 0,
      frequencyMhz: null,
      migEnabled: false,
      slices: [],
      faulty: false
    }
  ],
  processes: [
    {
      gpuKey: 'MIG-2c9f1a3e-88d4-5a0b-9d35-6f9f2ab8e0c1',
      pid: 81_422,
      user: 'liwei',
      name: 'python',
      memoryUsedBytes: 9_728 * MIB,
      kind: 'compute'
    },
    { gpuKey: '0000:03:00.0', pid: 812, user: null, name: '', memoryUsedBytes: 900 * MIB, kind: 'compute' }
  ],
  processesAtMs: Date.now(),
  hints: [{ kind: 'persistenceOff', subject: null, fix: 'sudo nvidia-smi -pm 1' }]
})

export const fakePower = (): PowerView => ({
  atMs: Date.now(),
  sources: [
    { key: 'ipmi', kind: 'ipmi', name: '', watts: 412, chargeRatio: null, scope: 'machine' },
    { key: 'gpu', kind: 'gpu', name: '', watts: 107.4, chargeRatio: null, scope: 'part' }
  ],
  gaps: [
    {
      kind: 'rapl',
      cause: 'permissionDenied',
      fix: 'sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj'
    }
  ],
  best: { keys: ['ipmi'], watts: 412, scope: 'machine' }
})

export const fakeSensors = (): SensorsView => ({
  atMs: Date.now(),
  sensors: [
    {
      key: 'nvme@0000:3d:00.0/Composite',
      chip: 'nvme',
      label: 'Composite',
      kind: 'temperature',
      value: 71.9,
      highCelsius: null,
      criticalCelsius: 84.9,
      countsForHottest: false
    },
    {
      key: 'coretemp@0/Package id 0',
      chip: 'coretemp',
      label: 'Package id 0',
      kind: 'temperature',
      value: 61,
      highCelsius: 84,
      criticalCelsius: 94,
      countsForHottest: true
    },
    {
      key: 'nct6798@nct6775.656/fan1',
      chip: 'nct6798',
      label: 'fan1',
      kind: 'fan',
      value: 5_400,
      highCelsius: null,
      criticalCelsius: null,
      countsForHottest: false
    }
  ],
  hottestCelsius: 61
})

export function fakeGpuPower(): GpuPowerHandlers {
  let options: PowerOptions = { pricePerKwh: null, currency: '' }
  return {
    'gpus.watch': (_input, { signal }) => createTopic(fakeGpus()).latest(signal),
    'power.watch': (_input, { signal }) => createTopic(fakePower()).latest(signal),
    'sensors.watch': (_input, { signal }) => createTopic(fakeSensors()).latest(signal),
    'power.energy': async ({ toDay }) => ({ days: [{ day: toDay, joules: 18e6 }], options }),
    'power.setOptions': async ({ options: chosen }) => {
      options = chosen
      return null
    }
  }
}
