// The function's answer, as the library hands it to the host (RpcHttp), written to the client.
import type { ServerResponse } from 'node:http'
import type { Cookie, HttpAnswer } from './worker.ts'

/** Writes an answer. A body is chunked unless the function gave a content-length. */
export function send(response: ServerResponse, { statusCode, headers, cookies, body }: HttpAnswer) {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  for (const cookie of cookies) response.appendHeader('set-cookie', cookieText(cookie))
  response.statusCode = Number(statusCode)
  if (body?.bytes?.length) response.write(body.bytes)
  response.end()
}

// As ASP.NET Core writes it: value escaped (RFC 3986), attributes in lower case, path "/" unless given.
function cookieText(cookie: Cookie) {
  const { expires, maxAge, domain, sameSite = 'none' } = cookie
  const parts = [
    `${cookie.name}=${encodeURIComponent(cookie.value).replaceAll(/[!'()*]/g, percent)}`,
    expires && `expires=${new Date(expires.value.seconds * 1000).toUTCString()}`,
    maxAge && `max-age=${Math.trunc(Number(maxAge.value))}`,
    domain && `domain=${domain.value}`,
    `path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value && 'secure',
    sameSite !== 'none' && `samesite=${sameSite.replace('explicitNone', 'none')}`,
    cookie.httpOnly?.value && 'httponly',
  ]
  return parts.filter(Boolean).join('; ')
}

const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
