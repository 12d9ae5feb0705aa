// Owns reading bytes as Windows-1252 by Microsoft's code page table; Node 20 takes that name for ISO 8859-1.
// Must not share code with what writes them.

/** 0x80 to 0x9F; 0 has no letter. */
const table = [
  0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
  0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
]

export function readAnsi(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, (place) => {
      const letter = table[place.charCodeAt(0) - 0x80]
      if (!letter) throw new Error(`no letter at ${place.charCodeAt(0)}`)
      return String.fromCharCode(letter)
    })
}
