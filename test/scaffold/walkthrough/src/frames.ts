// Owns the vendor's framing: "<length>:<payload>*<sum>," one record behind the other, as many as fit.
// Must not know what a record says.

export type Frame = { kind: 'ok'; text: string } | { kind: 'bad'; at: number; why: string }

const longest = 4_096

/** Stops at the first frame that is broken: where the next one would begin cannot be known. */
export function readFrames(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; ) {
    const colon = bytes.indexOf(58, at)
    const digits = Buffer.from(bytes.subarray(at, colon < 0 ? bytes.length : colon)).toString('latin1')
    const length = /^\d{1,4}$/.test(digits) ? Number(digits) : Number.NaN
    if (!(length <= longest)) return [...frames, { kind: 'bad', at, why: 'a length was expected' }]
    const payload = bytes.subarray(colon + 1, colon + 1 + length)
    const tail = Buffer.from(bytes.subarray(colon + 1 + length, colon + 1 + length + 4)).toString('latin1')
    if (payload.length < length || tail.length < 4)
      return [...frames, { kind: 'bad', at, why: 'the frame ends too early' }]
    if (tail !== `*${sumOf(payload)},`) return [...frames, { kind: 'bad', at, why: 'the sum is another one' }]
    frames.push({ kind: 'ok', text: Buffer.from(payload).toString('utf8') })
    at = colon + 1 + length + 4
  }
  return frames
}

/** All bytes by exclusive or, as two hexadecimal digits. */
function sumOf(bytes: Uint8Array): string {
  return bytes
    .reduce((sum, byte) => sum ^ byte, 0)
    .toString(16)
    .padStart(2, '0')
    .toUpperCase()
}
