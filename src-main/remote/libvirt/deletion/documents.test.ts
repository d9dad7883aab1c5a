import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import {
  readCheckpoint,
  readDomain,
  readPool,
  readSnapshot,
  readVolume,
  readVolumePaths
} from './documents.ts'

const UUID = '00000000-0000-4000-8000-000000000001'
const domainXml = (inside: string): string =>
  `<domain type='kvm' id='3'><name>x</name><uuid>${UUID}</uuid>${inside}</domain>`

describe('reading what may use a file', () => {
  it('finds every path in the document, wherever it stands', () => {
    const { mentions, disks, nvram, hasTpm } = readDomain(
      domainXml(`<os><kernel>/k</kernel><nvram template='/t'>/nv</nvram></os><devices>
        <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/top'/>
          <backingStore type='file'><format type='qcow2'/><source file='/mid'/>
            <backingStore type='file'><source file='/base'/><backingStore/></backingStore></backingStore>
          <mirror type='file' job='copy'><source file='/mirror'/></mirror><target dev='vda'/></disk>
        <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices>`)
    )
    expect([...mentions].sort()).toEqual(['/base', '/k', '/mid', '/mirror', '/nv', '/t', '/top'])
    expect(disks).toMatchObject([
      { path: '/top', format: 'qcow2', chain: ['/mid', '/base'], readOnly: false }
    ])
    expect([nvram, hasTpm]).toEqual(['/nv', true])
  })

  it('does not take a chain without an end for a whole one', () => {
    const disk = (inside: string) =>
      readDomain(domainXml(`<devices><disk type='file'><source file='/top'/>${inside}</disk></devices>`))
        .disks[0]?.chain
    expect(disk('')).toBeNull()
    expect(disk('<backingStore/>')).toEqual([])
    expect(disk(`<backingStore type='file'><source file='/base'/></backingStore>`)).toBeNull()
  })

  it('reads the disks of a snapshot, in both states that it holds', () => {
    const state = (path: string): string =>
      `<devices><disk type='file'><source file='${path}'/></disk></devices>`
    const { disks } = readSnapshot(
      `<domainsnapshot><name>s</name><disks><disk name='vda' snapshot='external'><source file='/overlay'/></disk><disk name='vdb' snapshot='no'/></disks><domain>${state('/then')}</domain><inactiveDomain>${state('/saved')}</inactiveDomain></domainsnapshot>`
    )
    expect(disks.map(({ path }) => path)).toEqual(['/then', '/saved', '/overlay'])
  })

  it('refuses entities, and throws nothing but its own error at anything', () => {
    expect(() => readDomain(`<!DOCTYPE a [<!ENTITY b "c">]>${domainXml('')}`)).toThrow(AppError)
    const texts = fc.oneof(
      fc.string(),
      fc.string().map((text) => domainXml(text))
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const read of [
          readDomain,
          readSnapshot,
          readCheckpoint,
          readPool,
          (xml: string) => readVolume(xml, 'p')
        ])
          try {
            read(text)
          } catch (error) {
            expect(error).toBeInstanceOf(AppError)
          }
      })
    )
  })
})

describe('the table of volumes', () => {
  it('gives the path whatever the names hold', () => {
    const row = (name: string, folder: string): string => ` ${name.padEnd(12)}   ${folder}/${name}`
    const names = ['a', "o ver   lay '虚.qcow2", 'x   /y', '-H', '$(id)']
    expect(readVolumePaths(names.map((name) => row(name, '/var/with   gap')).join('\n'))).toEqual(
      names.map((name) => `/var/with   gap/${name}`)
    )
  })
})
