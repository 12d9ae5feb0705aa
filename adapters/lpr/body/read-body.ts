// Owns taking a request's body off the wire, no more of it than is allowed.
// Must not look into it.

export type ReadBody = { kind: 'ok'; bytes: Uint8Array } | { kind: 'too_large' } | { kind: 'cut' }

/** Stops as soon as there is too much, whatever content-length said. `cut`: the sender hung up. */
export async function readBody(request: Request, largest: number): Promise<ReadBody> {
  if (Number(request.headers.get('content-length') ?? 0) > largest) return { kind: 'too_large' }
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  for (;;) {
    const next = await reader?.read().catch(() => null)
    if (next === null) return { kind: 'cut' }
    if (next === undefined || next.done) return { kind: 'ok', bytes: Buffer.concat(chunks, size) }
    size += next.value.byteLength
    if (size > largest) {
      await reader?.cancel()
      return { kind: 'too_large' }
    }
    chunks.push(next.value)
  }
}
