/** An outside engine as a test scripts it: it takes line protocol or remote write and keeps what it took. */
import type { EngineAnswer, EngineHttp, EngineRequest } from '../../src-main/application/engines/http.ts'
import type { OutsideTick } from '../../src-main/domain/engines/naming.ts'
import { readLineProtocol, readSnappy, readWriteRequest, type ReadPoint } from './wire-readers.ts'

export const answerOf = (status: number, body = '', headers: Record<string, string> = {}): EngineAnswer => ({
  status,
  headers,
  body: Buffer.from(body)
})

export class ScriptedEngine implements EngineHttp {
  /** Points of the requests that were answered with 204, in order. */
  readonly taken: ReadPoint[] = []
  readonly requests: EngineRequest[] = []
  /** What it does with a request; throwing is a connection that fails. */
  answer: (points: readonly ReadPoint[], request: EngineRequest) => EngineAnswer | Promise<EngineAnswer> =
    () => answerOf(204)

  async request(request: EngineRequest): Promise<EngineAnswer> {
    this.requests.push(request)
    const points = pointsOf(request)
    const answer = await this.answer(points, request)
    if (answer.status === 204) this.taken.push(...points)
    return answer
  }

  close(): void {
    // Nothing is kept open.
  }
}

function pointsOf({ url, body }: EngineRequest): ReadPoint[] {
  if (url.pathname.endsWith('/write') && !url.pathname.includes('/v1/')) {
    return readLineProtocol(Buffer.from(body).toString())
  }
  return readWriteRequest(readSnappy(body)).flatMap(({ labels, samples }) => {
    const { __name__: measurement = '', ...tags } = Object.fromEntries(labels)
    return samples.map(({ value, atMs }) => ({ measurement, tags, fields: { value }, atMs }))
  })
}

/** A tick of one server with one value, which tells it from all others. */
export const tickOf = (number: number, values: Record<string, number> = { load1: number }): OutsideTick => ({
  atMs: 1_700_000_000_000 + number * 5_000,
  serverId: '00000000-0000-4000-8000-000000000001',
  server: 'alpha',
  entities: [{ kind: 'server', key: '', name: '', values }]
})
