import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { type SessionKind, SessionPlaces } from './session-places.ts'

const late = (): AppError => new AppError('deadlineExceeded')
const asked = (signal = new AbortController().signal) => ({ signal, deadlineMs: 60_000, onDeadline: late })

async function filled(places: SessionPlaces, kind: SessionKind, count: number): Promise<(() => void)[]> {
  return Promise.all(Array.from({ length: count }, () => places.acquire(kind, asked())))
}

/** Whether it is let in at once. */
async function isLetIn(places: SessionPlaces, kind: SessionKind): Promise<boolean> {
  const patience = new AbortController()
  const place = places.acquire(kind, asked(patience.signal))
  const answer = place.then(
    (release) => (release(), true),
    () => false
  )
  queueMicrotask(() => queueMicrotask(() => patience.abort()))
  return answer
}

describe('places of a connection', () => {
  it.each([
    { job: 3, terminal: 1 },
    { job: 1, terminal: 3 },
    { job: 2, terminal: 2 }
  ])('keeps lanes and a run possible beside %o', async ({ job, terminal }) => {
    const places = new SessionPlaces()
    await filled(places, 'job', job)
    await filled(places, 'terminal', terminal)
    await filled(places, 'lane', 5)
    expect(places.terminalsAreFull).toBe(true)
    expect(await isLetIn(places, 'job')).toBe(false)
    expect(await isLetIn(places, 'run')).toBe(true)
    await filled(places, 'run', 1)
    expect(await isLetIn(places, 'run')).toBe(false)
  })

  it('never has more than ten', async () => {
    const places = new SessionPlaces()
    let open = 0
    for (let turn = 0; turn < 6; turn++)
      for (const kind of ['run', 'job', 'lane', 'terminal'] as const) {
        const patience = new AbortController()
        const place = places.acquire(kind, asked(patience.signal))
        open += await Promise.race([place.then(() => 1), Promise.resolve().then(() => Promise.resolve(0))])
        patience.abort()
        await place.catch(() => undefined)
      }
    expect(open).toBe(10)
  })

  it('lets runs use what is free, and those of one kind wait in order', async () => {
    const places = new SessionPlaces()
    await filled(places, 'lane', 5)
    const runs = await filled(places, 'run', 5)
    const order: number[] = []
    const waiting = [1, 2, 3].map((number) =>
      places.acquire('run', asked()).then((release) => {
        order.push(number)
        return release
      })
    )
    runs[0]?.()
    ;(await waiting[0])?.()
    ;(await waiting[1])?.()
    await waiting[2]
    expect(order).toEqual([1, 2, 3])
  })

  it('lets a run pass a job that waits', async () => {
    const places = new SessionPlaces()
    const jobs = await filled(places, 'job', 3)
    const fourth = places.acquire('job', asked())
    expect(await isLetIn(places, 'run')).toBe(true)
    jobs[0]?.()
    await expect(fourth).resolves.toBeTypeOf('function')
  })

  it('gives a place back once, and forgets who has stopped waiting', async () => {
    const places = new SessionPlaces()
    const [first] = await filled(places, 'job', 3)
    const patience = new AbortController()
    const impatient = places.acquire('job', asked(patience.signal))
    patience.abort()
    await expect(impatient).rejects.toMatchObject({ code: 'cancelled' })
    await expect(places.acquire('job', { ...asked(), deadlineMs: 1 })).rejects.toMatchObject({
      code: 'deadlineExceeded'
    })
    first?.()
    first?.()
    expect(await isLetIn(places, 'job')).toBe(true)
    await filled(places, 'job', 1)
    expect(await isLetIn(places, 'job')).toBe(false)
  })
})
