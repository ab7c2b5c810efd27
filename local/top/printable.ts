/**
 * Returns a text of somebody else's so that a terminal shows it and does nothing else: everything but ASCII and Latin
 * letters is written as an escape, control characters and right-to-left marks among them. So each character is one column.
 */
export const printable = (text: string | number | undefined): string =>
  String(text ?? '–').replaceAll(
    /[^ -~¡-¬®-ɏ–…]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )

/** Returns a text of at most this many columns; one that is cut ends in `…`. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
