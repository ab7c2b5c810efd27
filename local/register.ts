import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { listen } from './listen.ts'

/** The units that the stand-in knows, by their numbers, which are synthetic or the Norwegian Digitalisation Agency's. */
export const units = {
  main: { number: '991825827', partyId: 50_010_001 },
  subunit: { number: '991234519', partyId: 50_010_002, main: '991825827' },
  newSubunit: { number: '991234527', partyId: 50_010_003, main: '991825827' },
  other: { number: '974761076', partyId: 50_010_004 },
}

/** The persons that it knows: the one of the example event, whose token `npm run token -- --person` prints, and another. */
export const persons = {
  one: { number: '01017512345', partyId: 50_019_855 },
  other: { number: '02017512345', partyId: 50_019_856 },
}

interface Unit {
  number: string
  partyId: number
  main?: string
}
const allUnits: Unit[] = Object.values(units)
const parties = [...allUnits, ...Object.values(persons)]

/** Returns what the register answers to a question; undefined for a 404. */
export function registerAnswer(path: string, question: unknown): object | undefined {
  const { orgNo, ssn, data } = Object(question)
  if (path === '/register/api/v1/parties/lookup') {
    const found = parties.find(({ number }) => number === (orgNo ?? ssn))
    return found && { partyId: found.partyId, orgNumber: orgNo ?? null, ssn: ssn ?? null }
  }
  if (path === '/register/api/v2/internal/parties/main-units') return { data: mainUnitsOf(data) }
  return undefined
}

function mainUnitsOf(urn: unknown): object[] {
  const unit = allUnits.find(
    ({ number, partyId }) =>
      urn === `urn:altinn:organization:identifier-no:${number}` ||
      urn === `urn:altinn:party:id:${partyId}`,
  )
  return allUnits
    .filter(({ number }) => number === unit?.main)
    .map(({ number, partyId }) => ({
      partyType: 'organization',
      partyId,
      organizationIdentifier: number,
    }))
}

interface RegisterOptions {
  port?: number
  /** Answers instead of the stand-in where it returns true. */
  intercept?: (request: IncomingMessage, response: ServerResponse, question: unknown) => boolean
}

/** Starts a stand-in for Altinn's register of parties, for laptops and tests, on loopback. Throws if the port is taken. */
export async function startRegister({ port = 0, intercept = () => false }: RegisterOptions = {}) {
  const server = createServer((request, response) => {
    void json(request)
      .catch(() => undefined)
      .then((question) => {
        if (intercept(request, response, question)) return
        const answer = registerAnswer(request.url ?? '', question)
        response
          .writeHead(answer === undefined ? 404 : 200, {
            'content-type': `application/${answer === undefined ? 'problem+json' : 'json'}`,
          })
          .end(JSON.stringify(answer ?? { title: 'Party not found', status: 404 }))
      })
  })
  const { url, stop } = await listen(server, port)
  return {
    url,
    settings: { ALTINN_REGISTER_URL: `${url}/register/api/` },
    stop,
  }
}
