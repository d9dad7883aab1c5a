import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Snapshot } from '#contract/snapshots.ts'
import { problemOfName } from './snapshot-name.ts'
import { descendantsOf, keyOf, PRESENT, treeRows } from './snapshot-tree.ts'

let clock = 0
const one = (name: string, parentName: string | null, isCurrent = false): Snapshot => ({
  name,
  parentName,
  isCurrent,
  kind: 'internal',
  hasMemory: true,
  state: 'running',
  createdAtMs: ++clock,
  description: null,
  spaceBytes: null,
  spaceUnknown: 'inImage',
  files: [],
  canRevert: null,
  canDelete: null,
  canDeleteWithChildren: null,
  canMergeBack: null
})

describe('the tree of snapshots', () => {
  it('draws branches under their parent, and the present state under the current one', () => {
    const rows = treeRows([
      one('root', null),
      one('left', 'root', true),
      one('right', 'root'),
      one('leaf', 'right')
    ])
    expect(rows.map((row) => [keyOf(row), row.depth, row.isLast])).toEqual([
      ['root', 0, true],
      ['left', 1, false],
      [PRESENT, 2, true],
      ['right', 1, true],
      ['leaf', 2, true]
    ])
    // The line of `left` goes on past the present state, down to `right`.
    expect(rows[2]?.guides).toEqual([false, true])
    expect(rows[4]?.guides).toEqual([false, false])
  })

  it('shows every snapshot at most once and ends, whatever the server says of parents', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const answer = fc.array(fc.tuple(names, fc.option(names), fc.boolean()), { maxLength: 12 })
    fc.assert(
      fc.property(answer, (list) => {
        const rows = treeRows(list.map(([name, parent, current]) => one(name, parent, current)))
        expect(rows.length).toBeLessThanOrEqual(list.length * 2 + 1)
      })
    )
  })

  it('names all that grow from one', () => {
    const list = [one('root', null), one('a', 'root'), one('b', 'root'), one('a1', 'a')]
    expect(descendantsOf(list, 'a')).toEqual(['a1'])
    expect(descendantsOf(list, 'root')).toEqual(['a', 'b', 'a1'])
  })

  it('takes no name that libvirt or QEMU would read otherwise', () => {
    for (const bad of ['', ' ', 'a/b', 'a"b', 'a\\b', '-x', '..', 'a\nb', 'x'.repeat(101)])
      expect([bad, problemOfName(bad, [])]).toEqual([bad, 'nameBad'])
    expect(problemOfName('before update', ['before update'])).toBe('nameTaken')
    expect(problemOfName(`it's $(id) <b> 快照`, [])).toBeNull()
  })
})
