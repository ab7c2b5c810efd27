// One character in UTF-8, percent-encoded (RFC 3629 §4).
const encodedCharacter =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi

/**
 * Returns the names and values in the query of a URL, in order. A `%` that encodes no character is text, as for ASP.NET:
 * `type=%deleted` means what it says, where `URLSearchParams` makes `%de` a replacement character.
 */
export function parametersIn(url: string): [name: string, value: string][] {
  const pairs = new URL(url).search.slice(1).split('&')
  return pairs
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [decode(name), decode(value.join('='))]
    })
}

const decode = (text: string): string =>
  text.replaceAll('+', ' ').replaceAll(encodedCharacter, (encoded) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded // overlong, or a surrogate
    }
  })
