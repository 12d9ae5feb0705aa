// Owns the shape in which an adapter refuses a call of its vendor's side (RFC 9457).
// Must not decide what is refused.

export interface FieldError {
  /** JSON pointer (RFC 6901) into the fact or body. */
  pointer: string
  message: string
}

export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  errors?: readonly FieldError[]
}

export function problem(
  status: number,
  code: string,
  title: string,
  detail: string,
  errors?: readonly FieldError[],
): Problem {
  return { type: `urn:baywatt:problem:${code}`, title, status, detail, code, ...(errors?.length ? { errors } : {}) }
}

/** Headers as pairs may hold a name several times, as challenges do. */
export function problemResponse(
  body: Problem,
  headers: Readonly<Record<string, string>> | readonly (readonly [string, string])[] = {},
): Response {
  const all = new Headers({ 'content-type': 'application/problem+json' })
  for (const [name, value] of Array.isArray(headers) ? headers : Object.entries(headers)) all.append(name, value)
  return new Response(JSON.stringify(body), { status: body.status, headers: all })
}
