import { StringDecoder } from 'node:string_decoder'

/** Returns at most the first `max` UTF-16 units of a text; a character of two units is kept whole or left out. */
export function cutText(text: string, max: number): string {
  const last = text.codePointAt(max - 1) ?? 0
  return text.slice(0, last > 0xff_ff ? max - 1 : max)
}

/** Decodes the beginning of a text in UTF-8; the bytes of a last character that is not whole are left out. */
export const decodeBeginning = (bytes: Buffer): string => new StringDecoder('utf8').write(bytes)
