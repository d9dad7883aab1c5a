/** Questions of a keyboard-interactive login: hostile text, made safe to show. */
import type { Prompt } from 'ssh2'
import type { LoginPrompt } from '../../application/servers/connection.ts'

const MAX_QUESTIONS = 8
const MAX_CHARS = 1_024

/** Keeps line breaks, drops other control and invisible formatting characters. */
const shown = (text: unknown): string =>
  typeof text === 'string'
    ? text
        .slice(0, 4 * MAX_CHARS)
        .replace(/\r\n?/g, '\n')
        .replace(/[^\P{C}\n]/gu, '')
        .slice(0, MAX_CHARS)
    : ''

/** null when there are more questions than a login ever has. */
export function asLoginPrompt(
  host: string,
  title: string,
  instructions: string,
  questions: readonly Prompt[]
): LoginPrompt | null {
  if (questions.length > MAX_QUESTIONS) return null
  return {
    host,
    title: shown(title),
    instructions: shown(instructions),
    questions: questions.map(({ prompt, echo }) => ({ text: shown(prompt), echo: echo === true }))
  }
}

const PASSWORD =
  /pass\s?word|pass\s?phrase|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|lösenord|passord|adgangskode|salasana|hasło|heslo|parol|şifre|пароль|密码|密碼|パスワード|암호|비밀번호/i
const ANOTHER_SECRET =
  /one.?time|otp|token|verification|code|challenge|new password|retype|current password|\(current\)|expired/i

/** One hidden question that asks for the account's password and nothing else. */
export function looksLikePassword(questions: LoginPrompt['questions']): boolean {
  const [only, ...more] = questions
  if (!only || more.length > 0 || only.echo) return false
  return PASSWORD.test(only.text) && !ANOTHER_SECRET.test(only.text)
}
