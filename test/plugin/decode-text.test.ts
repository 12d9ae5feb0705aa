// Owns the proof of how bytes become text: every byte of Windows-1252, and what devices send in spite of what they declare.
// Must not test any vendor's body.
import { describe, expect, test } from 'vitest'
import { decodeText, decodeWindows1252, encodeWindows1252, peopleText } from '../../core/plugin/index.ts'

const c1 = [
  ...[
    0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
  ],
  ...[
    0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e,
    0x178,
  ],
]

describe('Windows-1252', () => {
  test.each(Array.from({ length: 256 }, (_, byte) => byte))('byte %i is its letter', (byte) => {
    const letter = byte >= 0x80 && byte <= 0x9f ? c1[byte - 0x80] : byte
    expect(decodeWindows1252(Uint8Array.of(byte)).codePointAt(0)).toBe(letter)
  })

  test('is written as it is read, and what has no letter is a question mark', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect(encodeWindows1252(decodeWindows1252(all))).toEqual(all)
    expect(Buffer.from(encodeWindows1252('a\u0301 ł 🚗 €')).toString('hex')).toBe('e1203f203f2080')
  })

  test('is read from a part of a larger buffer', () => {
    expect(decodeWindows1252(Uint8Array.of(0x41, 0x80, 0x99, 0x42).subarray(1, 3))).toBe('€™')
  })
})

describe('a text', () => {
  const ansi = Uint8Array.of(0x3c, 0x80, 0x20, 0xfc, 0x3e)
  test.each([
    ['undeclared', ansi, '', '<€ ü>'],
    ['declared by another name of Windows-1252', ansi, 'text/plain; charset=ISO-8859-1', '<€ ü>'],
    ['declared as something else', Uint8Array.of(0x3c, 0xa4, 0x3e), 'text/plain; charset=iso-8859-15', '<€>'],
    ['declared as something unknown', ansi, 'text/plain; charset=x-mystery', '<€ ü>'],
    ['declared as what it is not', ansi, 'text/plain; charset=utf-8', '<€ ü>'],
    ['in UTF-8 whatever was declared', Buffer.from('<€ ü>'), 'text/plain; charset=windows-1252', '<€ ü>'],
    ['in UTF-16 without a mark', Buffer.from('<€ ü>', 'utf16le'), '', '<€ ü>'],
    ['with a mark', Buffer.from('\uFEFF<€ ü>', 'utf16le'), '', '<€ ü>'],
  ])('%s', (_, bytes, contentType, text) => {
    expect(decodeText(bytes, contentType)).toBe(text)
  })
})

test('a list of people cannot run in a spreadsheet nor break its lines', () => {
  const lines = [
    { account_number: 'A', account_name: '=cmd()' },
    { account_number: 'B', account_name: 'a "b", c\nd' },
  ]
  expect(peopleText(['account_number', 'account_name'], lines)).toBe(
    `account_number,account_name\r\nA,'=cmd()\r\nB,"a ""b"", c\nd"\r\n`,
  )
})
