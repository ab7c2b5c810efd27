const WEIGHTS = [3, 2, 7, 6, 5, 4, 3, 2]

/** Whether a text is an organisation number: nine digits, of which the last checks the others, modulo 11. */
export function isOrganisationNumber(text: string): boolean {
  if (!/^\d{9}$/.test(text)) return false
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(text[place]), 0)
  return (11 - (sum % 11)) % 11 === Number(text[8])
}
