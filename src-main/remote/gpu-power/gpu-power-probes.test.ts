import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import { makeSysfsTree, recordedText } from '../../../test/fakes/sysfs-tree.ts'
import type { GpuPowerProbes } from '../../application/gpu-power/probes.ts'
import type { NvidiaCard } from '../../domain/gpu/nvidia-query.ts'
import { raplWatts } from '../../domain/gpu-power/rapl.ts'
import { createTools } from '../tools/tool-shell.ts'
import { createGpuPowerProbes } from './gpu-power-probes.ts'

const signal = new AbortController().signal
const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp()
})

interface Asked {
  readonly probes: GpuPowerProbes
  readonly context: Parameters<GpuPowerProbes['gpu']>[0]
  readonly tree: ReturnType<typeof makeSysfsTree>
}

function ask(
  shell: readonly string[],
  trees: readonly string[],
  env: NodeJS.ProcessEnv = process.env
): Asked {
  const tree = makeSysfsTree(...trees)
  const tools = createTools(createLocalConnection({ shell, env }))
  cleanUps.push(
    () => tree.remove(),
    () => tools.close()
  )
  return { probes: createGpuPowerProbes(tree.root), context: { tools, sudo: () => '' }, tree }
}

/** A folder before all others on the PATH, with scripts in it. */
function withCommands(commands: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), 'virthelm-bin-'))
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` }
}

const recordedPath = (name: string): string => join(import.meta.dirname, '../../../test/recorded', name)

describe.each(Object.entries(LOCAL_SHELLS))('hardware asked in %s', (_name, shell) => {
  it('sensors: stable names for chips of one name, and no value of an input that is not there', async () => {
    const { probes, context } = ask(shell, ['sensors/xeon-2s.tree'])
    const { sensors, hottestCelsius } = await probes.sensors(context).read(new Set(), signal)
    expect(sensors.map(({ key, value }) => `${key} ${value}`)).toEqual([
      'nvme@0000:3d:00.0/Composite 71.85',
      'nvme@0000:3e:00.0/Composite 38.85',
      'coretemp@0/Package id 0 61',
      'coretemp@0/Core 0 58',
      'coretemp@1/Package id 1 64',
      'coretemp@1/Core 0 60',
      'w83795g@w83795.0/temp1 34.5',
      'w83795g@w83795.0/fan1 5400'
    ])
    expect(sensors[0]).toMatchObject({ criticalCelsius: 84.85, highCelsius: null, countsForHottest: false })
    expect(sensors[2]).toMatchObject({ criticalCelsius: 94, highCelsius: 84 })
    // The hottest of CPU and board, not the drive's.
    expect(hottestCelsius).toBe(64)
  })

  it('sensors: thermal zones where hwmon has no temperature, and the files of old kernels', async () => {
    const board = ask(shell, ['sensors/sbc.tree'])
    const { sensors, hottestCelsius } = await board.probes.sensors(board.context).read(new Set(), signal)
    expect(sensors.map(({ key, value, criticalCelsius }) => [key, value, criticalCelsius])).toEqual([
      ['thermal/cpu-thermal', 51.15, 110],
      ['thermal/gpu-thermal', 48.9, null],
      ['thermal/gpu-thermal (2)', 47, null],
      ['pwmfan/fan1', 2210, null]
    ])
    expect(hottestCelsius).toBe(51.15)
    const old = ask(shell, ['sensors/kernel-2.6.tree'])
    const reading = await old.probes.sensors(old.context).read(new Set(), signal)
    expect(reading.sensors.map(({ key }) => key)).toEqual([
      'w83627thf@w83627hf.656/temp1',
      'w83627thf@w83627hf.656/fan1'
    ])
  })

  it('sensors: nothing at all on a server without any', async () => {
    const { probes, context } = ask(shell, [])
    expect(await probes.sensors(context).read(new Set(), signal)).toEqual({
      sensors: [],
      hottestCelsius: null
    })
  })

  it('power: RAPL over the wrap of two counters, each zone once', async () => {
    const before = ask(shell, ['power/rapl-2s.tree'])
    const after = ask(shell, ['power/rapl-2s.after.tree'])
    const first = await before.probes.power(before.context).read(signal)
    const second = await after.probes.power(after.context).read(signal)
    expect(first.uptimeSec).toBeGreaterThan(0)
    expect(raplWatts(first.rapl.zones, second.rapl.zones, 30)).toEqual([
      { name: 'package-0', scope: 'part', watts: 120, joules: 3600 },
      { name: 'package-0/dram', scope: 'part', watts: 20, joules: 600 },
      { name: 'package-1', scope: 'part', watts: 100, joules: 3000 }
    ])
  })

  it('power: meters, and batteries of the machine alone', async () => {
    const { probes, context } = ask(shell, ['power/meters.tree', 'power/laptop.tree'])
    const reading = await probes.power(context).read(signal)
    expect(reading.meters).toEqual([
      { name: 'power_meter@ACPI000D:00/power1', watts: 164, scope: 'machine' },
      { name: 'corsairpsu@1-4:1.0/power total', watts: 182, scope: 'machine' },
      { name: 'corsairpsu@1-4:1.0/power +12v', watts: 150, scope: 'part' }
    ])
    expect(reading.batteries).toEqual([
      { name: 'BAT0', watts: 8.41, discharging: true, chargeRatio: 0.81 },
      { name: 'BAT1', watts: 6, discharging: true, chargeRatio: 0.4 }
    ])
    expect(reading.rapl.zones.map(({ name, scope }) => [name, scope])).toEqual([
      ['package-0', 'part'],
      ['psys', 'board']
    ])
  })

  it.skipIf(process.getuid?.() !== 0)(
    'power: counters that only root may read are denied, not absent',
    async () => {
      const as = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...shell]
      const { probes, context, tree } = ask(as, ['power/rapl-2s.tree'])
      for (const zone of ['intel-rapl:0', 'intel-rapl:1', 'intel-rapl:0:0'])
        chmodSync(join(tree.root, 'sys/class/powercap', zone, 'energy_uj'), 0o400)
      expect((await probes.power(context).read(signal)).rapl).toEqual({ zones: [], denied: true })
      const withSudo = { ...context, sudo: () => 'sudo -n ' as const }
      expect((await probes.power(withSudo).read(signal)).rapl.denied).toBe(true)
    }
  )

  it('power: the BMC, its absence, and the absence of its tool', async () => {
    const env = withCommands({ ipmitool: `cat ${recordedPath('power/dcmi-dell.txt')}` })
    const { probes, context, tree } = ask(shell, [], env)
    const power = probes.power(context)
    expect(await power.readIpmi(signal)).toEqual({ kind: 'noDevice' })
    tree.write('dev/ipmi0', '')
    expect(await power.readIpmi(signal)).toEqual({ kind: 'watts', watts: 146 })
    const bare = ask(shell, [], { ...process.env, PATH: '/usr/bin:/bin' })
    bare.tree.write('dev/ipmi/0', '')
    expect(await bare.probes.power(bare.context).readIpmi(signal)).toEqual({ kind: 'toolMissing' })
  })

  it('cards: AMD of two generations from /sys alone, and no card that is a BMC’s screen', async () => {
    const vega = ask(shell, ['gpu/amd-vega20.tree'])
    const gpu = vega.probes.gpu(vega.context)
    expect((await gpu.survey(signal)).onBus).toEqual(['amd'])
    expect((await gpu.readDrm(signal)).cards).toEqual([
      {
        vendor: 'amd',
        index: 1,
        pciAddress: '0000:2f:00.0',
        driver: 'amdgpu',
        pciId: '1002:66af',
        name: null,
        uniqueId: '2140c3b13c7a2b19',
        memoryTotalBytes: 17_163_091_968,
        memoryUsedBytes: 12_884_901_888,
        utilisationRatio: 0.87,
        temperatureCelsius: 71,
        powerWatts: 221,
        powerLimitWatts: 250,
        fanRatio: 127 / 255,
        frequencyMhz: null,
        energyMicroJoules: null
      }
    ])
    expect(await gpu.readProcesses(new Set(['amd']), signal)).toMatchObject([
      { pid: 5512, name: 'python3', memoryUsedBytes: 11_811_160_064, pciAddress: '0000:2f:00.0' }
    ])
    const newer = ask(shell, ['gpu/amd-navi31-mi300x.tree'])
    const { cards } = await newer.probes.gpu(newer.context).readDrm(signal)
    expect(cards).toMatchObject([
      { pciAddress: '0000:03:00.0', name: null, temperatureCelsius: 44, powerWatts: 29, fanRatio: 0 },
      {
        pciAddress: '0000:c5:00.0',
        name: 'AMD Instinct MI300X OAM',
        temperatureCelsius: 69,
        powerWatts: 703,
        fanRatio: null
      }
    ])
  })

  it('cards: Intel as far as it tells', async () => {
    const { probes, context } = ask(shell, ['gpu/intel.tree'])
    expect((await probes.gpu(context).readDrm(signal)).cards).toMatchObject([
      { pciAddress: '0000:00:02.0', memoryTotalBytes: null, frequencyMhz: null, energyMicroJoules: null },
      {
        pciAddress: '0000:03:00.0',
        memoryTotalBytes: 17_079_205_888,
        frequencyMhz: 2400,
        energyMicroJoules: 981_200_000
      }
    ])
  })

  it('cards: a resident nvidia-smi, asked again without a field that it does not know', async () => {
    const env = withCommands({
      'nvidia-smi': `case $1 in
*mig.mode.current*) cat ${recordedPath('gpu/old-driver.txt')}; exit 2;;
--query-gpu*) echo '0, GPU-1a2b3c4d-0000-0000-0000-000000000000, 00000000:01:00.0, 390.157, 8118, 100, 8018, 3, 50, 61.5, 180.00, 27, Enabled, GeForce GTX 1080'; sleep 600;;
esac`
    })
    const { probes, context } = ask(shell, [], env)
    const stop = new AbortController()
    const found = Promise.withResolvers<NvidiaCard>()
    const pid = Promise.withResolvers<number>()
    const following = probes
      .gpu(context)
      .followNvidia({ onStarted: pid.resolve, onCard: found.resolve }, stop.signal)
    expect(await found.promise).toMatchObject({
      index: 0,
      name: 'GeForce GTX 1080',
      migEnabled: false,
      powerWatts: 61.5
    })
    expect(await pid.promise).toBeGreaterThan(0)
    stop.abort()
    await expect(following).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('cards: what nvidia-smi says instead of a table', async () => {
    const env = withCommands({ 'nvidia-smi': `cat ${recordedPath('gpu/says-mismatch.txt')}; exit 18` })
    const { probes, context } = ask(shell, [], env)
    const listener = { onStarted: () => undefined, onCard: () => undefined }
    expect(await probes.gpu(context).followNvidia(listener, signal)).toEqual({ kind: 'driverMismatch' })
    const none = ask(shell, [], { ...process.env, PATH: '/usr/bin:/bin' })
    expect(await none.probes.gpu(none.context).followNvidia(listener, signal)).toEqual({
      kind: 'toolMissing'
    })
  })

  it('cards: slices and processes with their owners', async () => {
    const env = withCommands({
      'nvidia-smi': `case $1 in
-L) sed '/^@table/,$d' ${recordedPath('gpu/a100-mig-list.txt')};;
--query-compute-apps*) echo "GPU-10000000-0000-0000-0000-000000000000, $PPID, 512, python3"; echo "GPU-10000000-0000-0000-0000-000000000000, 4000000000, 1, gone";;
pmon) cat ${recordedPath('gpu/pmon-550.txt')};;
*) sed '1,/^@table/d' ${recordedPath('gpu/a100-mig-list.txt')};;
esac`
    })
    const { probes, context } = ask(shell, [], env)
    const gpu = probes.gpu(context)
    const { cudaVersion, slices } = await gpu.readNvidiaList(signal)
    expect(cudaVersion).toBe('12.2')
    expect(
      slices.map(({ gpuIndex, profile, memoryTotalBytes }) => [
        gpuIndex,
        profile,
        (memoryTotalBytes ?? 0) / 2 ** 20
      ])
    ).toEqual([
      [1, '3g.20gb', 19_968],
      [1, '2g.10gb', 9_856],
      [1, '1g.5gb+me', 4_864]
    ])
    const processes = await gpu.readProcesses(new Set(['nvidia']), signal)
    expect(processes.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'python3 compute',
      'gone compute',
      'Xwayland graphics'
    ])
    expect(processes[1]?.user).toBeNull()
  })

  it('cards: ends a nvidia-smi that hangs, and never another process', async () => {
    const { probes, context } = ask(shell, [])
    const gpu = probes.gpu(context)
    expect(await gpu.endNvidia(process.pid, signal)).toBe(true)
    expect(process.kill(process.pid, 0)).toBe(true)
  })
})

it('reads the fixtures that it is tested with', () => {
  expect(recordedText('gpu/h100-8.csv').split('\n')).toHaveLength(9)
})
