/** The operator's settings, one row each, so that one that cannot be read does not take the others with it. */
import { Settings } from '#contract/settings.ts'
import type { Report } from '../protocol.ts'
import type { Database } from '../sqlite.ts'

export class SettingsRepository {
  private readonly db: Database
  private readonly report: Report

  constructor(db: Database, report: Report) {
    this.db = db
    this.report = report
  }

  /** Settings that are missing or unreadable have their defaults. */
  read(): Settings {
    const rows = this.db.prepare<[], { name: string; value: string }>('SELECT name, value FROM setting').all()
    const good: Record<string, unknown> = {}
    for (const { name, value } of rows) {
      if (!Object.hasOwn(Settings.shape, name)) continue
      const candidate = Settings.safeParse({ [name]: parse(value) })
      if (candidate.success) good[name] = parse(value)
      else this.report('warn', 'storage.settingUnreadable', { name })
    }
    return Settings.parse(good)
  }

  write(settings: Settings): void {
    const insert = this.db.prepare('INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)')
    const write = this.db.transaction(() => {
      for (const [name, value] of Object.entries(settings)) insert.run(name, JSON.stringify(value))
    })
    write.immediate()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
