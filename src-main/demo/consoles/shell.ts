/** A shell that does nothing: a prompt, a few words it knows, and the editing of one line. For terminals and serial lines. */

export interface ShellOptions {
  readonly user: string
  readonly hostName: string
  /** Asks for a name and a password first, as getty does on a serial line. Any are taken. */
  readonly login: boolean
  readonly write: (text: string) => void
  readonly exit: () => void
  readonly size: () => { readonly columns: number; readonly rows: number }
}

type Stage = 'login' | 'password' | 'shell'
const MAX_LINE_CHARS = 1_000

export class DemoShell {
  readonly #options: ShellOptions
  #stage: Stage
  #user: string
  #line = ''

  constructor(options: ShellOptions) {
    this.#options = options
    this.#user = options.user
    this.#stage = options.login ? 'login' : 'shell'
    if (!options.login)
      this.#say(`Linux ${options.hostName} 6.12.57 x86_64\nThis server is played by the demo: try "help".\n`)
    this.#prompt()
  }

  take(text: string): void {
    for (const character of text) this.#key(character)
  }

  #key(character: string): void {
    switch (character) {
      case '\r':
      case '\n': {
        const line = this.#line
        this.#line = ''
        this.#say('\n')
        this.#enter(line)
        break
      }
      case '\x7f':
      case '\b':
        if (this.#line === '') break
        this.#line = this.#line.slice(0, -1)
        if (this.#stage !== 'password') this.#options.write('\b \b')
        break
      case '\x03':
        this.#line = ''
        this.#say('^C\n')
        this.#prompt()
        break
      case '\x04':
        if (this.#line === '') this.#leave()
        break
      default:
        if (character < ' ' || this.#line.length >= MAX_LINE_CHARS) break
        this.#line += character
        if (this.#stage !== 'password') this.#options.write(character)
    }
  }

  #enter(line: string): void {
    if (this.#stage === 'login') {
      if (line.trim() !== '') {
        this.#user = line.trim().slice(0, 32)
        this.#stage = 'password'
      }
    } else if (this.#stage === 'password') {
      this.#stage = 'shell'
      this.#say(`Last login: ${new Date().toUTCString()} on ttyS0\n`)
    } else if (!this.#run(line)) return
    this.#prompt()
  }

  /** False when the shell has ended. */
  #run(line: string): boolean {
    const [command = '', ...args] = line.trim().split(/\s+/)
    const { columns, rows } = this.#options.size()
    switch (command) {
      case '':
        break
      case 'help':
        this.#say('clear  date  echo  exit  help  hostname  ls  printf  stty  uname  whoami\n')
        break
      case 'date':
        this.#say(`${new Date().toUTCString()}\n`)
        break
      case 'echo':
        this.#say(`${args.join(' ')}\n`)
        break
      case 'printf':
        this.#say(unescaped(args.join(' ').replace(/^'(.*)'$/, '$1')))
        break
      case 'hostname':
        this.#say(`${this.#options.hostName}\n`)
        break
      case 'whoami':
        this.#say(`${this.#user}\n`)
        break
      case 'uname':
        this.#say(`Linux ${this.#options.hostName} 6.12.57 x86_64 GNU/Linux\n`)
        break
      case 'ls':
        this.#say('\x1b[34mbackups\x1b[0m  \x1b[34mlogs\x1b[0m  notes.txt  \x1b[32mupdate.sh\x1b[0m\n')
        break
      case 'stty':
        this.#say(`${rows} ${columns}\n`)
        break
      case 'clear':
        this.#options.write('\x1b[H\x1b[2J')
        break
      case 'exit':
      case 'logout':
        this.#leave()
        return false
      default:
        this.#say(`sh: ${command}: not found\n`)
    }
    return true
  }

  #leave(): void {
    this.#say('logout\n')
    if (!this.#options.login) {
      this.#options.exit()
      return
    }
    this.#stage = 'login'
    this.#prompt()
  }

  #prompt(): void {
    const { hostName, write } = this.#options
    if (this.#stage === 'login') write(`\r\n${hostName} login: `)
    else if (this.#stage === 'password') write('Password: ')
    else write(`\x1b[32m${this.#user}@${hostName}\x1b[0m:\x1b[34m~\x1b[0m$ `)
  }

  #say(text: string): void {
    this.#options.write(text.replaceAll('\n', '\r\n'))
  }
}

/** `\e`, `\a`, `\n` and `\xHH`, as a shell's printf writes them. */
function unescaped(text: string): string {
  return text.replace(/\\(e|a|n|x[0-9a-fA-F]{2})/g, (_, code: string) => {
    if (code === 'e') return '\x1b'
    if (code === 'a') return '\x07'
    if (code === 'n') return '\n'
    return String.fromCharCode(parseInt(code.slice(1), 16))
  })
}
