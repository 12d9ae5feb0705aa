// Owns the bytes that a sender signed, where the hub masked card numbers in a body before a plugin was given it.
// Must not be used for anything but checking a signature: what it hands out is not to be kept or read.

interface Masked {
  at: number
  /** What stood there. */
  bytes: Uint8Array
}

const maskedIn = new WeakMap<object, readonly Masked[]>()

/** `carrier`: the request, later the body that was read of it. Masks keep the length. */
export function rememberMasked(carrier: object, masked: readonly Masked[]): void {
  maskedIn.set(carrier, masked)
}

export function passMaskedOn(from: object, to: object): void {
  const masked = maskedIn.get(from)
  if (masked !== undefined && masked.length > 0) maskedIn.set(to, masked)
}

/** The body as it was sent. */
export function signedBytes(body: Uint8Array): Uint8Array {
  const masked = maskedIn.get(body)
  if (masked === undefined) return body
  const sent = Uint8Array.from(body)
  for (const { at, bytes } of masked) sent.set(bytes, at)
  return sent
}
