/** An error response as Azure sends it. */
export class HttpError extends Error {
  readonly status: number
  readonly substatus: number

  constructor(status: number, message: string, substatus = 0) {
    super(message)
    this.status = status
    this.substatus = substatus
  }
}

export function badRequest(message: string, substatus = 0): HttpError {
  return new HttpError(400, message, substatus)
}

export function notFound(message = 'Entity with the specified id does not exist in the system.') {
  return new HttpError(404, message)
}
