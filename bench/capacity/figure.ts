/** Formats a number with at most three digits; a dash means no limit. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const rounded = Number(value.toPrecision(value < 1000 ? 2 : 3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 1 })
}
