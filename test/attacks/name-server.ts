import { startNameServer } from '../support/name-server.ts'

/**
 * Starts a name server that the attacks control. Each look-up of a name in `zone` returns the next of its lists of
 * addresses, in the end always the last. Other names get no answer, which is an attack too. The time to live is 0.
 */
export async function startAttackerNameServer() {
  const zone = new Map<string, string[][]>()
  const turns = new Map<string, number>() // by name and family, which are looked up concurrently
  const server = await startNameServer((name, type) => {
    const lists = zone.get(name)
    if (lists === undefined) return undefined
    const turn = turns.get(`${name} ${type}`) ?? 0
    turns.set(`${name} ${type}`, turn + 1)
    return { addresses: lists[Math.min(turn, lists.length - 1)] ?? [] }
  })
  return { ...server, zone }
}
