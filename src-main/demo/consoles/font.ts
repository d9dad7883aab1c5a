/** A small font for the demo's screens: five columns of seven dots a character, lowest bit on top. Small letters are capitals. */

const GLYPHS: Readonly<Record<string, string>> = {
  '!': '00005f0000',
  '"': '0007000700',
  '#': '147f147f14',
  $: '242a7f2a12',
  '%': '2313086462',
  '&': '3649552250',
  "'": '0005030000',
  '(': '001c224100',
  ')': '0041221c00',
  '*': '14083e0814',
  '+': '08083e0808',
  ',': '0050300000',
  '-': '0808080808',
  '.': '0060600000',
  '/': '2010080402',
  '0': '3e5149453e',
  '1': '00427f4000',
  '2': '4261514946',
  '3': '2141454b31',
  '4': '1814127f10',
  '5': '2745454539',
  '6': '3c4a494930',
  '7': '0171090503',
  '8': '3649494936',
  '9': '064949291e',
  ':': '0036360000',
  ';': '0056360000',
  '<': '0814224100',
  '=': '1414141414',
  '>': '0041221408',
  '?': '0201510906',
  '@': '324979413e',
  A: '7e1111117e',
  B: '7f49494936',
  C: '3e41414122',
  D: '7f4141221c',
  E: '7f49494941',
  F: '7f09090901',
  G: '3e4149497a',
  H: '7f0808087f',
  I: '00417f4100',
  J: '2040413f01',
  K: '7f08142241',
  L: '7f40404040',
  M: '7f020c027f',
  N: '7f0408107f',
  O: '3e4141413e',
  P: '7f09090906',
  Q: '3e4151215e',
  R: '7f09192946',
  S: '4649494931',
  T: '01017f0101',
  U: '3f4040403f',
  V: '1f2040201f',
  W: '3f4038403f',
  X: '6314081463',
  Y: '0708700807',
  Z: '6151494543',
  '[': '007f414100',
  '\\': '0204081020',
  ']': '0041417f00',
  '^': '0402010204',
  _: '4040404040',
  '|': '00007f0000',
  '~': '0804080804'
}

const COLUMNS = 5
export const CELL_WIDTH = 8
export const CELL_HEIGHT = 10

const dots = new Map(
  Object.entries(GLYPHS).map(([character, hex]) => [
    character,
    Array.from({ length: COLUMNS }, (_, index) => parseInt(hex.slice(index * 2, index * 2 + 2), 16))
  ])
)

/** Whether a dot of a cell is lit. */
export function isLit(character: string, x: number, y: number): boolean {
  const column = dots.get(character.toUpperCase())?.[x - 1]
  return column !== undefined && y >= 1 && y <= 7 && ((column >> (y - 1)) & 1) === 1
}
