/** Consoles of the engine in memory: a line that says back what it hears, no display, and a grey picture. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VirthelmContract } from '#contract/index.ts'

type ConsoleHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `consoles.${string}`>>

export function fakeConsoles(): ConsoleHandlers {
  const echo: ConsoleHandlers['consoles.terminal'] = async (_input, _context, bytes) => {
    await bytes.write(new TextEncoder().encode('ready\r\n'))
    for await (const typed of bytes.incoming) await bytes.write(typed)
  }
  return {
    'consoles.displays': async () => ({ kinds: [] }),
    'consoles.vnc': () => Promise.reject(new AppError('displayMissing')),
    'consoles.spice': () => Promise.reject(new AppError('displayMissing')),
    'consoles.serial': (_input, context, bytes) => echo({} as Parameters<typeof echo>[0], context, bytes),
    'consoles.terminal': echo,
    'consoles.resizeTerminal': async () => null,
    'consoles.picture': async () => ({
      widthPx: 2,
      heightPx: 1,
      rgbBase64: Buffer.alloc(6, 128).toString('base64')
    })
  }
}
