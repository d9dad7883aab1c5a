import { expect, it } from 'vitest'
import { makeServer, NINE_SERVERS } from '../../../test/fakes/engine-model.ts'
import { treeRows } from './tree-rows.ts'

const fakes = NINE_SERVERS.map((plan, index) => makeServer(plan, index, 1_700_000_000_000))
const servers = fakes.map((fake) => fake.view)
const machinesOf = (id: string) => fakes.find((fake) => fake.view.record.id === id)?.machines ?? []
const rows = (groupBy: 'location' | 'tag', closed: string[] = [], opened: string[] = []) =>
  treeRows(servers, machinesOf, groupBy, new Set(closed), new Set(opened))

it('lists groups and servers by name, VMs only of opened servers', () => {
  const all = rows('location')
  expect(all.filter((row) => row.kind === 'group').map((row) => row.name)).toEqual([
    'Beijing DC-2',
    'Office',
    'Seoul lab'
  ])
  expect(all.filter((row) => row.kind === 'machine')).toEqual([])
  const gpu = all.find((row) => row.kind === 'server' && row.server.record.name === 'gpu-01')
  const opened = rows('location', [], [gpu?.key ?? ''])
  expect(opened.filter((row) => row.kind === 'machine').map((row) => row.machine.name)).toEqual([
    'train-a',
    'train-b',
    'notebook-old'
  ])
})

it('hides the servers of a closed group', () => {
  expect(
    rows('location', ['g:Office']).some(
      (row) => row.kind === 'server' && row.server.record.location === 'Office'
    )
  ).toBe(false)
})

it('puts a server with two tags in both groups, under keys of their own', () => {
  const all = rows('tag')
  expect(new Set(all.map((row) => row.key)).size).toBe(all.length)
  expect(all.filter((row) => row.kind === 'server' && row.server.record.name === 'kvm-bravo')).toHaveLength(3)
})
