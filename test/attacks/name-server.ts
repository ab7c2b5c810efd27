import { startNameServer } from '../support/name-server.ts'

/**
 * A name server that the attacks control: each look-up of a name returns the next of its lists of addresses, and from then
 * on the last. Of other names it says nothing: silence is an attack too. The time to live is 0.
 */
export async function startZone() {
  const zone = new Map<string, string[][]>()
  const turns = new Map<string, number>() // of each name and family, which are asked for side by side
  const server = await startNameServer((name, type) => {
    const lists = zone.get(name)
    if (lists === undefined) return undefined
    const turn = turns.get(`${name} ${type}`) ?? 0
    turns.set(`${name} ${type}`, turn + 1)
    return { addresses: lists[Math.min(turn, lists.length - 1)] ?? [] }
  })
  return { ...server, zone }
}
