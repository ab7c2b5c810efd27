/** Where the local stack listens unless an environment variable of that name says otherwise; 0 takes a free port. */
const defaults = {
  PORT: 7071,
  ISSUER_PORT: 7072,
  DOCS_PORT: 7074, // 7073 is the usual one of `npm run receiver`
  COSMOS_PORT: 8081,
  QUEUE_PORT: 10001,
  BLOB_PORT: 10000,
}

/** The port that the environment gives for `name`, else the one that local.settings.sample.json counts on. */
export function portFor(name: keyof typeof defaults): number {
  const given = process.env[name] ?? ''
  if (given === '') return defaults[name]
  const port = Number(given)
  if (!/^\d+$/.test(given) || port > 65_535)
    throw new Error(`${name} must be a port from 0 to 65535, not ${given}`)
  return port
}
