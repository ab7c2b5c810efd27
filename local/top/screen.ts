const ENTER = '\u001B[?1049h\u001B[?25l' // the other screen, without a cursor: what was there comes back
const LEAVE = '\u001B[?25h\u001B[?1049l'
const QUIT = ['q', 'Q', '\u0003'] // Ctrl-C
const HOME = '\u001B[H'
const CLEAR_LINE = '\u001B[K'
const CLEAR_BELOW = '\u001B[J'

/** Takes the terminal until `leave`. `onQuit` is told of q and Ctrl-C, which is no signal here. */
export function takeScreen(onQuit: () => void) {
  const { stdin, stdout } = process
  const onKey = (keys: string) => QUIT.some((key) => keys.includes(key)) && onQuit()
  stdout.write(ENTER)
  if (stdin.isTTY) stdin.setRawMode(true).setEncoding('utf8').on('data', onKey)
  return {
    size: () => ({ width: stdout.columns, lines: stdout.rows }),
    draw(lines: string[]): void {
      const fit = lines.slice(0, stdout.rows)
      stdout.write(HOME + fit.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW)
    },
    leave(): void {
      if (stdin.isTTY) stdin.setRawMode(false).pause()
      stdout.write(LEAVE)
    },
  }
}
