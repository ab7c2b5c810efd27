import type { Property } from './property.ts'

/** So many inputs, shared out among properties by their shares. */
export function inputShares(properties: Property[], inputs: number): [Property, inputs: number][] {
  const shares = properties.reduce((sum, { share }) => sum + share, 0)
  return properties.map((property) => [property, Math.ceil((inputs * property.share) / shares)])
}
