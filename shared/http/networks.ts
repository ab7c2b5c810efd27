import { BlockList } from 'node:net'

/** Parses comma-separated networks, such as `10.0.0.0/8,fd12::/16`. Throws an error that names the first invalid entry. */
export function parseNetworks(text: string): BlockList {
  return text.trim() === '' ? new BlockList() : blockListOf(...text.split(','))
}

/** Parses networks in CIDR form. Throws an error that names the first invalid entry. */
export function blockListOf(...entries: string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) addNetwork(list, entry.trim())
  return list
}

/** Leaves the check of the address to the list: the expression in `isIP` is compiled at its first use, during a cold start. */
function addNetwork(list: BlockList, entry: string): void {
  const [, address = '', bits = ''] = /^([^/%]+)\/(\d{1,3})$/.exec(entry) ?? []
  try {
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  } catch {
    throw new Error(`"${entry}" is not a network in CIDR form, such as 10.0.0.0/8`)
  }
}
