// Owns the shape of a refusal (RFC 9457), for the person who reads the camera's log.
// Must not decide what is refused.

export interface Refusal {
  status: number
  code: string
  title: string
  detail: string
  /** JSON pointer of the place in the message. */
  pointer?: string
}

export function problemResponse(refusal: Refusal, headers: readonly (readonly [string, string])[] = []): Response {
  const { status, code, title, detail, pointer } = refusal
  const errors = pointer === undefined ? {} : { errors: [{ pointer, message: detail }] }
  const response = Response.json(
    { type: `urn:baywatt:problem:${code}`, title, status, detail, code, ...errors },
    { status },
  )
  response.headers.set('content-type', 'application/problem+json')
  for (const [name, value] of headers) response.headers.append(name, value)
  return response
}
