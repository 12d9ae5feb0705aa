// Owns reading and writing Windows-1252: Node's own TextDecoder (20.20) takes that name for ISO 8859-1 and loses € and all quotes.
// Must not fail: as in the WHATWG encoding standard, the five bytes without a letter are the control characters of their number.

/** The letters of 0x80 to 0x9F; everything else is the same as in ISO 8859-1. */
const letters = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

export function decodeWindows1252(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return text.replace(/[\u0080-\u009f]/g, (char) => letters[char.charCodeAt(0) - 0x80] ?? char)
}

/** What has no letter there becomes a question mark. */
export function encodeWindows1252(text: string): Uint8Array {
  return Uint8Array.from(text.normalize('NFC').matchAll(/./gsu), ([char]) => {
    const at = letters.indexOf(char)
    const code = char.codePointAt(0) ?? 0
    if (at >= 0) return 0x80 + at
    return code < 0x80 || (code >= 0xa0 && code <= 0xff) ? code : 0x3f
  })
}
