/** Long jobs on volumes: the dialog closes, the drawer shows how far it is, a toast tells the end. */
import type { VirthelmContract } from '#contract/index.ts'
import type { InputForOf } from '#contract/define.ts'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useToasts, visibleText } from '../../ui/index.ts'
import { useTasks } from '../tasks/index.ts'
import { upload } from './upload-file.ts'

type Input<N extends 'volumes.create' | 'volumes.clone' | 'volumes.upload'> = InputForOf<VirthelmContract[N]>

/** In setup only. */
export function useVolumeTasks() {
  const rpc = useRpc()
  const toasts = useToasts()
  const tasks = useTasks()
  const errorWords = useErrorWords()
  const { t } = useI18n()

  async function told(
    name: string,
    done: (name: string) => string,
    work: () => Promise<string>
  ): Promise<void> {
    try {
      const text = await work()
      toasts.show({ tone: 'ok', title: done(visibleText(name)), text })
    } catch (error) {
      const words = errorWords(error)
      if (words.code === 'cancelled') return
      const text = [words.detail, words.next].filter((part) => part !== '').join(' ')
      toasts.show({ tone: 'red', title: words.title, text })
    }
  }

  return {
    create: (input: Input<'volumes.create'>): Promise<void> => {
      // A thin one is there before a drawer could be read.
      tasks.drawerOpen ||= input.volume.allocation === 'full'
      return told(
        input.volume.name,
        (name) => t('stores.create.done', { name }),
        async () => {
          const { path } = await rpc.task('volumes.create', input).result
          return visibleText(path)
        }
      )
    },
    clone: (input: Input<'volumes.clone'>): Promise<void> => {
      tasks.drawerOpen = true
      return told(
        input.newName,
        (name) => t('stores.clone.done', { name }),
        async () => {
          const { path } = await rpc.task('volumes.clone', input).result
          return visibleText(path)
        }
      )
    },
    upload: (file: File, input: Omit<Input<'volumes.upload'>, 'uploadId' | 'sizeBytes'>): Promise<void> => {
      tasks.drawerOpen = true
      return told(
        input.name,
        (name) => t('stores.upload.done', { name }),
        async () => {
          const uploadId = crypto.randomUUID()
          const life = new AbortController()
          const channel = rpc.channel('volumes.uploadBytes', { uploadId }, { signal: life.signal })
          // Why the bytes stopped is for the task to say: it knows both ends.
          const sending = upload(file, channel).catch(() => undefined)
          try {
            const task = rpc.task('volumes.upload', { ...input, uploadId, sizeBytes: file.size })
            const { path, sha256 } = await task.result
            return `${visibleText(path)} · SHA-256 ${sha256}`
          } finally {
            life.abort()
            await sending
          }
        }
      )
    }
  }
}
