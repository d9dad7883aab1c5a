/** A mail server for tests: speaks SMTP over a real socket, plain, with STARTTLS or TLS; says no where a test wants it. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { TEST_CERTIFICATE } from './test-certificate.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** As it came: headers, an empty line, text. */
  readonly data: string
  readonly tls: boolean
  /** null = nobody logged in. */
  readonly user: string | null
}

export interface SmtpBehaviour {
  /** Accepted login; null = none is offered. */
  login: { user: string; password: string } | null
  startTls: boolean
  /** Another answer than its own, by the beginning of the command; `undefined` = its own; null = says nothing. */
  answer: (line: string) => string | null | undefined
  greeting: string | null
}

export class SmtpServer {
  readonly mails: ReceivedMail[] = []
  /** Every line of every client outside of messages, as it came. */
  readonly lines: string[] = []
  readonly behaviour: SmtpBehaviour = {
    login: null,
    startTls: false,
    answer: () => undefined,
    greeting: '220 mail.test ESMTP'
  }
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(options: { readonly tls?: boolean } = {}) {
    const serve = (socket: Socket): void => this.#serve(socket, options.tls === true)
    this.#server =
      options.tls === true ? createTlsServer({ ...TEST_CERTIFICATE }, serve) : createServer(serve)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
    })
    this.#server.on('tlsClientError', () => undefined)
  }

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  #serve(socket: Socket, secured: boolean): void {
    const { greeting } = this.behaviour
    new Conversation(this, socket, secured).listen()
    if (greeting !== null) socket.write(`${greeting}\r\n`)
  }
}

class Conversation {
  readonly #server: SmtpServer
  #socket: Socket
  #tls: boolean
  #user: string | null = null
  #from = ''
  #to: string[] = []
  /** Lines of the message so far; null = a command is expected. */
  #data: string[] | null = null
  /** Lines of a login that goes on; null = none does. */
  #login: string[] | null = null
  #rest = ''

  constructor(server: SmtpServer, socket: Socket, tls: boolean) {
    this.#server = server
    this.#socket = socket
    this.#tls = tls
  }

  listen(): void {
    const socket = this.#socket
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      if (socket !== this.#socket) return
      this.#rest += chunk.toString('latin1')
      for (;;) {
        const end = this.#rest.indexOf('\r\n')
        if (end < 0) return
        const line = this.#rest.slice(0, end)
        this.#rest = this.#rest.slice(end + 2)
        this.#take(line)
      }
    })
  }

  #take(line: string): void {
    if (this.#data === null) this.#server.lines.push(line)
    if (this.#data !== null) this.#takeData(this.#data, line)
    else if (this.#login !== null) this.#takeLogin(this.#login, line)
    else {
      const other = this.#server.behaviour.answer(line)
      if (other === null) return
      if (other === undefined) this.#command(line)
      else {
        this.#say(other)
        if (other.startsWith('421')) this.#socket.end()
      }
    }
  }

  #command(line: string): void {
    const { login, startTls } = this.#server.behaviour
    const word = line.slice(0, 4).toUpperCase()
    if (word === 'EHLO') {
      const offers = [
        ...(startTls && !this.#tls ? ['STARTTLS'] : []),
        ...(login === null ? [] : ['AUTH PLAIN LOGIN']),
        'SIZE 1000000'
      ]
      this.#say(
        [
          '250-mail.test',
          ...offers.map((offer, index) => `250${index === offers.length - 1 ? ' ' : '-'}${offer}`)
        ].join('\r\n')
      )
    } else if (line.toUpperCase() === 'STARTTLS') {
      if (startTls) this.#upgrade()
      else this.#say('502 5.5.1 not offered')
    } else if (word === 'AUTH') this.#begin(line)
    else if (word === 'MAIL') {
      this.#from = line.slice(10)
      this.#to = []
      this.#say('250 ok')
    } else if (word === 'RCPT') {
      this.#to.push(line.slice(8))
      this.#say('250 ok')
    } else if (word === 'DATA') {
      this.#data = []
      this.#say('354 go on')
    } else if (word === 'QUIT') {
      this.#say('221 bye')
      this.#socket.end()
    } else this.#say(word === 'RSET' ? '250 ok' : '502 what?')
  }

  #takeData(data: string[], line: string): void {
    if (line !== '.') {
      data.push(line.startsWith('.') ? line.slice(1) : line)
      return
    }
    this.#data = null
    const { answer } = this.#server.behaviour
    const other = answer('.')
    if (other !== undefined) {
      if (other !== null) this.#say(other)
      return
    }
    const mail = { from: this.#from, to: this.#to, data: data.join('\r\n'), tls: this.#tls, user: this.#user }
    this.#server.mails.push(mail)
    this.#say('250 taken')
  }

  #begin(line: string): void {
    const [, method, first] = line.split(' ')
    if (method?.toUpperCase() === 'PLAIN' && first !== undefined) {
      const [, user, password] = Buffer.from(first, 'base64').toString().split('\0')
      this.#judge(user, password)
    } else {
      this.#login = []
      this.#say('334 VXNlcm5hbWU6')
    }
  }

  #takeLogin(login: string[], line: string): void {
    login.push(Buffer.from(line, 'base64').toString())
    if (login.length === 1) this.#say('334 UGFzc3dvcmQ6')
    else {
      this.#login = null
      this.#judge(login[0], login[1])
    }
  }

  #judge(user: string | undefined, password: string | undefined): void {
    const { login } = this.#server.behaviour
    const right = login !== null && user === login.user && password === login.password
    this.#user = right ? login.user : null
    // A server that repeats what it was told, for the worst case.
    this.#say(right ? '235 welcome' : `535 5.7.8 ${user ?? ''} ${password ?? ''} is not right`)
  }

  #upgrade(): void {
    this.#say('220 go on')
    const plain = this.#socket
    plain.removeAllListeners('data')
    this.#socket = new TLSSocket(plain, { isServer: true, ...TEST_CERTIFICATE })
    this.#tls = true
    this.#rest = ''
    this.listen()
  }

  #say(text: string): void {
    this.#socket.write(`${text}\r\n`)
  }
}
