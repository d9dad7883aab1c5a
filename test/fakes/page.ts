/** What a component test finds on the page by its words, as a user does. */
import { flushPromises } from '@vue/test-utils'

/** The newest of that name: a dialog stands behind what opened it. */
export function buttonNamed(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')]
    .filter((each) => each.textContent.trim() === name || each.getAttribute('aria-label') === name)
    .at(-1)
  if (found === undefined) throw new Error(`no button ${name}`)
  return found
}

export async function press(name: string): Promise<void> {
  buttonNamed(name).click()
  await flushPromises()
}

export function fieldNamed(label: string): HTMLInputElement {
  const found = [...document.querySelectorAll('label')].find((each) => each.textContent.trim() === label)
  const input = document.getElementById(found?.getAttribute('for') ?? '')
  if (input === null) throw new Error(`no field ${label}`)
  return input as HTMLInputElement
}

export async function type(label: string, text: string): Promise<void> {
  const input = fieldNamed(label)
  input.value = text
  input.dispatchEvent(new Event('input', { bubbles: true }))
  await flushPromises()
}

export async function submit(): Promise<void> {
  const form = document.querySelector('form')
  if (form === null) throw new Error('no form')
  form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
  await flushPromises()
}
