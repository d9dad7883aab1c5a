/** on: answers · warn: answers, with trouble · off: should answer and does not · empty: nothing known yet · busy: on its way · idle: off on purpose */
export type DotState = 'on' | 'warn' | 'off' | 'empty' | 'busy' | 'idle'
