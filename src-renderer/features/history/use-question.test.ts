import { AppError } from '#contract/errors.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { stubRpc, type StubRpc } from '../../../test/fakes/stub-rpc.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import { useQuestion, type Question } from './use-question.ts'

const range = ref('hour')
const end = ref(1)
let scope: EffectScope
let stub: StubRpc
let answers: PromiseWithResolvers<string>[]

function ask(): Question<string> {
  return scope.run(() =>
    useQuestion({
      input: () => ({ range: range.value, end: end.value }),
      ask: (rpc, input, signal) => rpc.call('history.usage', input as never, { signal }) as never,
      topic: () => range.value
    })
  ) as Question<string>
}
const settle = async (): Promise<void> => {
  await nextTick()
  await vi.advanceTimersByTimeAsync(100)
}
const aborted = () => stub.asked.map(({ signal }) => signal?.aborted)

beforeEach(() => {
  vi.useFakeTimers()
  range.value = 'hour'
  end.value = 1
  answers = []
  stub = stubRpc({
    'history.usage': () => {
      const answer = Promise.withResolvers<string>()
      answers.push(answer)
      return answer.promise
    }
  })
  installRpc(stub.rpc)
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('a question', () => {
  it('about another range gives the one before up, and shows nothing of it', async () => {
    const question = ask()
    await settle()
    answers[0]?.resolve('of the hour')
    await settle()
    expect(question.answer.value).toBe('of the hour')
    range.value = 'day'
    await settle()
    expect([question.answer.value, question.loading.value]).toEqual([null, true])
    range.value = 'week'
    await settle()
    expect(aborted()).toEqual([false, true, false])
    answers[2]?.resolve('of the week')
    answers[1]?.resolve('of the day')
    await settle()
    expect(question.answer.value).toBe('of the week')
  })

  it('that only moved on keeps what is shown until the next answer', async () => {
    const question = ask()
    await settle()
    answers[0]?.resolve('first')
    await settle()
    end.value = 2
    await settle()
    expect(question.answer.value).toBe('first')
    answers[1]?.resolve('second')
    await settle()
    expect(question.answer.value).toBe('second')
  })

  it('that failed says why, keeps what is shown, and can be asked again', async () => {
    const question = ask()
    await settle()
    answers[0]?.resolve('first')
    await settle()
    end.value = 2
    await settle()
    answers[1]?.reject(new AppError('deadlineExceeded', { retryable: true }))
    await settle()
    expect([question.answer.value, question.error.value?.code]).toEqual(['first', 'deadlineExceeded'])
    question.retry()
    await settle()
    answers[2]?.resolve('third')
    await settle()
    expect([question.answer.value, question.error.value]).toEqual(['third', null])
  })

  it('is not worked on for a page that is gone', async () => {
    ask()
    await settle()
    scope.stop()
    expect(aborted()).toEqual([true])
  })
})
