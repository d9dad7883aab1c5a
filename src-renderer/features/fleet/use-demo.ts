/** Opens the demo fleet beside the operator's own data. */
import { useI18n } from 'vue-i18n'
import { useToasts } from '../../ui/index.ts'
import { useConsole } from '../console/index.ts'

export function useDemo(): { open(): Promise<void> } {
  const { t } = useI18n()
  const about = useConsole()
  const toasts = useToasts()
  return {
    async open() {
      const address = await about.openDemo()
      if (address === null) {
        toasts.show({ tone: 'ok', title: t('shell.demoOpenedWindow') })
        return
      }
      // Only ever this console's own address. A new tab may be blocked: then the address is there to click.
      const opened = window.open(address, '_blank', 'noopener')
      toasts.show({
        tone: 'ok',
        title: t('shell.demoOpened', { address: new URL(address).host }),
        ...(opened === null
          ? { action: { label: t('fleet.act.open'), run: () => window.location.assign(address) } }
          : {})
      })
    }
  }
}
