/**
 * Puts text on the clipboard, within a click. The copy command needs no permission (the desktop denies them all); the
 * clipboard API is for browsers that have dropped the command. Rejects when neither works.
 */
export async function copyText(text: string): Promise<void> {
  if (!copyByCommand(text)) await navigator.clipboard.writeText(text)
}

function copyByCommand(text: string): boolean {
  if (typeof document.execCommand !== 'function') return false
  let taken = false
  const onCopy = (event: ClipboardEvent): void => {
    if (event.clipboardData === null) return
    event.clipboardData.setData('text/plain', text)
    // Neither the selection nor another listener decides what is copied.
    event.preventDefault()
    event.stopImmediatePropagation()
    taken = true
  }
  document.addEventListener('copy', onCopy, { capture: true })
  try {
    return document.execCommand('copy') && taken
  } finally {
    document.removeEventListener('copy', onCopy, { capture: true })
  }
}
