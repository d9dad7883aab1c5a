import { enableAutoUnmount, mount } from '@vue/test-utils'
import { nextTick, ref } from 'vue'
import { afterEach, describe, expect, it, vi } from 'vitest'
import SuggestField from './SuggestField.vue'

enableAutoUnmount(afterEach)

function setUp(suggestions: readonly string[], separated = false) {
  const text = ref('')
  const wrapper = mount(SuggestField, {
    attachTo: document.body,
    props: {
      label: 'Tags',
      suggestions,
      separated,
      modelValue: '',
      'onUpdate:modelValue': async (value: string) => {
        text.value = value
        await wrapper.setProps({ modelValue: value })
      }
    }
  })
  const input = wrapper.get('input')
  const press = async (key: string): Promise<boolean> => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
    input.element.dispatchEvent(event)
    await nextTick()
    return event.defaultPrevented
  }
  const type = async (value: string): Promise<void> => {
    await input.setValue(value)
    await nextTick()
  }
  const offered = (): string[] =>
    [...document.querySelectorAll('[role="option"]')].map(({ textContent }) => textContent.trim())
  return { text, input, press, type, offered }
}

describe('a field with suggestions', () => {
  it('offers what fits, takes by arrow and Enter, and lets Enter send the form otherwise', async () => {
    const { text, press, type, offered } = setUp(['Office', 'Rack 4', 'Rack 5'])
    await type('rack')
    expect(offered()).toEqual(['Rack 4', 'Rack 5'])
    expect(await press('Enter')).toBe(false)
    await press('ArrowDown')
    await press('ArrowDown')
    expect(await press('Enter')).toBe(true)
    expect([text.value, offered()]).toEqual(['Rack 5', []])
    // What stands there in full needs no suggestion.
    await type('Office')
    expect(offered()).toEqual([])
  })

  it('completes the last word of a list, and does not offer what stands there', async () => {
    const { text, press, type, offered } = setUp(['prod', 'production', 'web'], true)
    await type('web, prod, ')
    expect(offered()).toEqual(['production'])
    await type('web, pro')
    await press('ArrowUp')
    await press('Enter')
    expect(text.value).toBe('web, production, ')
  })

  it('closes by Esc alone, and shows hostile text as text', async () => {
    const { press, type, offered, input } = setUp(['<img src=x>\u202egnp'])
    await type('img')
    expect(offered()[0]).not.toContain('\u202e')
    expect(document.querySelector('[role="option"] img')).toBeNull()
    expect(await press('Escape')).toBe(true)
    await vi.waitFor(() => expect(offered()).toEqual([]))
    expect(input.element.value).toBe('img')
    expect(await press('Escape')).toBe(false)
  })
})
