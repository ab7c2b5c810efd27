import { BlockList, isIP } from 'node:net'

/** Parses comma-separated networks, such as `10.0.0.0/8,fd12::/16`. Throws an error that names the first invalid entry. */
export function parseNetworks(text: string): BlockList {
  return text.trim() === '' ? new BlockList() : blockListOf(...text.split(','))
}

/** Parses networks in CIDR form. Throws an error that names the first invalid entry. */
export function blockListOf(...entries: string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(entry.trim()) ?? []
    const family = isIP(address)
    if (family === 0 || address.includes('%') || Number(bits) > (family === 4 ? 32 : 128))
      throw new Error(`"${entry.trim()}" is not a network in CIDR form, such as 10.0.0.0/8`)
    list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}
