/** What systemctl, sudo, docker and journalctl say when the login user may not. */

export const isRefusal = (said: string): boolean =>
  /access denied|permission denied|interactive authentication required|authentication is required|a password is required|not in the sudoers|may not run sudo|not allowed to execute|not authorized|must be root|a terminal is required/i.test(
    said
  )

/** journalctl shows what it may, and says on stderr that there is more. */
export const isPartialJournal = (said: string): boolean =>
  /not seeing messages from other users|insufficient permissions|no journal files were opened/i.test(said)

const MAX_LINES = 200
const MAX_LINE_CHARS = 2_000

/** The newest lines; what journalctl says about itself (`-- No entries --`) is none of them. */
export function logLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !/^-- .* --$/.test(line) && !/^-- (?:Logs|Journal) begin/.test(line))
    .slice(-MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE_CHARS))
}
