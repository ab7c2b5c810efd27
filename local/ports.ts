import { once } from 'node:events'
import { createServer } from 'node:net'

/** Where each part of the local stack listens unless the environment variable of that name says otherwise. */
const defaults = {
  PORT: 7071,
  ISSUER_PORT: 7072,
  DOCS_PORT: 7074, // 7073 is the usual one of `npm run receiver`
  REGISTER_PORT: 7075,
  COSMOS_PORT: 8081,
  QUEUE_PORT: 10001,
  BLOB_PORT: 10000,
}
type PortName = keyof typeof defaults
const portNames: PortName[] = [
  'PORT',
  'ISSUER_PORT',
  'DOCS_PORT',
  'REGISTER_PORT',
  'COSMOS_PORT',
  'QUEUE_PORT',
  'BLOB_PORT',
]

/** The part of a program's `--help` that says how to choose ports. */
export const portHelp = `The local stack listens on these ports. An environment variable of that name chooses another; 0 takes any free port.
npm start, npm run show, npm run top, npm run token and npm run start:host read the same variables.

${portNames.map((name) => `  ${name}=${defaults[name]}`).join('\n')}`

/** Returns the port that the environment gives for `name`, else the default. Throws for anything that is no port. */
export function portFor(name: PortName): number {
  const given = process.env[name] ?? ''
  if (given === '') return defaults[name]
  const port = Number(given)
  if (!/^\d+$/.test(given) || port > 65_535)
    throw new Error(`${name} must be a port from 0 to 65535, not ${given}`)
  return port
}

/** Throws, naming the first of the stack's ports that is taken, before anything is started that would have to be stopped. */
export async function assertPortsAreFree(): Promise<void> {
  for (const name of portNames) {
    const server = createServer().listen(portFor(name), '127.0.0.1')
    await once(server, 'listening').catch(() => {
      throw new Error(`Port ${portFor(name)} is taken: choose another with ${name}.`)
    })
    server.close()
    await once(server, 'close')
  }
}

/** Returns the variables to write before a command that must find the stack on these ports; defaults are left out. */
export const portVariables = (ports: Partial<Record<PortName, number>>): string =>
  portNames
    .filter((name) => ports[name] !== undefined && ports[name] !== defaults[name])
    .map((name) => `${name}=${ports[name]} `)
    .join('')

/** Returns a setting in which every default port of the stack is the one that the environment gives. */
export const withPorts = (setting: string): string =>
  portNames.reduce(
    (text, name) =>
      text.replaceAll(`//127.0.0.1:${defaults[name]}/`, `//127.0.0.1:${portToFind(name)}/`),
    setting,
  )

/** A stack on a port that is any free one cannot be found by it. */
const portToFind = (name: PortName) => portFor(name) || defaults[name]
