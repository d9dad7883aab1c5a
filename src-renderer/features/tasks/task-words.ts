import type { TaskView } from '#contract/tasks.ts'
import { useI18n } from 'vue-i18n'
import { visibleText } from '../../ui/index.ts'

export interface TaskWords {
  /** What it is: "CSV of a chart". */
  name(task: TaskView): string
  /** About what: the file, the server. */
  subject(task: TaskView): string
  /** Both and how far, for one line. */
  line(task: TaskView): string
}

export function useTaskWords(): TaskWords {
  const i18n = useI18n()
  const { t } = i18n
  const te = (key: string): boolean => i18n.te(key)
  const name = (task: TaskView): string => {
    const key = `shell.tasks.name.${task.name.replace('.', '-')}`
    return t(te(key) ? key : 'shell.tasks.name.other')
  }
  const subject = (task: TaskView): string => {
    const { action, machines, ...others } = task.subject
    const count = Number(machines)
    const many =
      action === undefined
        ? []
        : [
            t(te(`machine.action.${action}`) ? `machine.action.${action}` : action),
            t('bulk.machines', { count }, count)
          ]
    return visibleText([...many, ...Object.values(others)].join(' · '))
  }
  return {
    name,
    subject,
    line: (task) => {
      const done = task.doneRatio === null ? '' : `${Math.floor(task.doneRatio * 100)} %`
      return [name(task), subject(task), done].filter((part) => part !== '').join(' · ')
    }
  }
}
