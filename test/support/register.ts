import type { IncomingHttpHeaders } from 'node:http'
import { startRegister } from '../../local/register.ts'

/** How the register fails. */
export type RegisterFault =
  'down' | 'hangs' | 'refuses' | 'unknown' | 'garbage' | 'endless' | 'no party' | 'redirects'

interface Question {
  path: string
  headers: IncomingHttpHeaders
  body: unknown
}

/** A stand-in for the register that counts what it is asked, and fails as told. */
export async function startFaultyRegister() {
  const asked: Question[] = []
  const state: { fault?: RegisterFault | undefined } = {}
  const register = await startRegister({
    intercept(request, response, body) {
      asked.push({ path: request.url ?? '', headers: request.headers, body })
      const { fault } = state
      if (fault === undefined) return false
      if (fault === 'down') response.writeHead(500).end('{"partyId":1}')
      if (fault === 'refuses') response.writeHead(401).end()
      if (fault === 'unknown') response.writeHead(404).end()
      if (fault === 'garbage') response.end('<html>')
      if (fault === 'no party') response.end('{"partyId":"x","data":7}')
      if (fault === 'endless') response.end(`{"partyId":1,"more":"${'x'.repeat(1_000_000)}"}`)
      if (fault === 'redirects')
        response.writeHead(307, { location: `${register.url}/elsewhere` }).end()
      return true // one that hangs is not answered
    },
  })
  return {
    ...register,
    asked,
    /** The questions that name this number or party. */
    askedAbout: (text: string) => asked.filter(({ body }) => JSON.stringify(body).includes(text)),
    fail: (fault: RegisterFault | undefined): void => void (state.fault = fault),
  }
}
