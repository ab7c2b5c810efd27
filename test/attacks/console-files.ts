import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { AccessFixture } from './access-fixture.ts'
import { attack, type Attack } from './attack.ts'

/** Addresses below the console that try to leave its folder, as they travel: nothing makes them canonical on the way. */
const addresses: [path: string, expected: string][] = [
  ['../host.json', '404'],
  ['../../../../host.json', '404'],
  ['..%2fmain.cjs', '404'],
  ['..%2Fopenapi.json', '404'],
  ['%2e%2e/main.cjs', '404'],
  ['%252e%252e%252fmain.cjs', '404'],
  ['..%5cmain.cjs', '404'],
  ['....//main.cjs', '404'],
  ['index.html%00.css', '400'], // of the host

  ['index.html.gz', '404'],
  ['assets/../../main.cjs', '404'],
  ['%2fetc%2fpasswd', '200, the page'], // no file: an address of the console itself
  ['..%2f..%2f..%2f..%2fetc%2fpasswd', '404'],
  ['local.json', '404'], // the local stack's token chooser is nowhere else
]

/** Attacks on the files of the console. */
export const consoleFileAttacks = ({ app }: AccessFixture): Attack[] => [
  ...addresses.map(([path, expected]) =>
    attack('console', `GET /console/${path}`, expected, () => outcome(app.api, 'GET', path)),
  ),
  attack('console', 'POST /console/local.json', 404, () => outcome(app.api, 'POST', 'local.json')),
]

async function outcome(api: string, method: string, path: string): Promise<string> {
  const { port, pathname } = new URL(api)
  const asked = { port, method, path: `${pathname}/console/${path}`, host: '127.0.0.1' }
  const outgoing = request(asked)
  outgoing.end()
  const [answer]: IncomingMessage[] = await once(outgoing, 'response')
  if (answer === undefined) return 'no answer'
  const body = await text(answer)
  if (answer.statusCode !== 200) return `${answer.statusCode}${body === '' ? '' : ' with a body'}`
  return body.includes('<div id="console">') ? '200, the page' : '200, something else'
}
