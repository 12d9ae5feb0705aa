// Owns the proof that the hub's own look for mistakes in JSON agrees with the runtime's parser, and finds them where they are.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultIn, readJson } from '../../core/http/json-body.ts'

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('a fault is found exactly where the runtime refuses', () => {
  test('in JSON with a few characters changed', () => {
    const edits = fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '\n', '\u0001', '0', '-', '.', 'e', 'u', 't'),
      ),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), edits, (json, changes) => {
        let text = json
        for (const [at, put] of changes)
          text = text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + (at % 2))
        expect(faultIn(text) === null).toBe(parses(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123456789-+.eEtrufalsn\\/ \t\n\u0000é') }), (text) => {
        expect(faultIn(text) === null).toBe(parses(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('and never before the text can still become JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), (json, cut) => {
        const part = json.slice(0, cut % (json.length + 1))
        const fault = faultIn(part)
        // What is only cut short is wrong at its end, or where a text or number that was cut began.
        if (fault)
          expect(part.slice(fault.position)).toMatch(
            /^(\s*|"(?:[^"\\]|\\.)*\\?(?:u[0-9a-fA-F]{0,3})?|-?\d*\.?\d*[eE]?[+-]?|[truefalsn]+)$/s,
          )
      }),
      { numRuns: 1000 },
    )
  })
})

describe('bodies that are not read as JSON at all', () => {
  const ask = async (body: string | Uint8Array | ReadableStream, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers }, duplex: 'half' }
    const read = await readJson(new Request('http://hub.test/', init as RequestInit), 1_000)
    return 'problem' in read ? read.problem : read.value
  }

  test('another encoding than UTF-8 is refused: letters would be lost for good', async () => {
    expect(await ask(Uint8Array.from([0x22, 0x4d, 0xfc, 0x22]))).toBe('invalid_json')
    expect(await ask(new TextEncoder().encode('"Mü"'))).toBe('Mü')
  })

  test('compressed, said or not', async () => {
    expect(await ask('{}', { 'content-encoding': 'gzip' })).toBe('unsupported_media_type')
    expect(await ask('{}', { 'content-encoding': 'identity' })).toEqual({})
  })

  test('cut off in the middle, and larger than allowed', async () => {
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"a":'))
        controller.error(new Error('aborted'))
      },
    })
    expect(await ask(broken)).toBe('body_incomplete')
    expect(await ask(' '.repeat(1_001))).toBe('body_too_large')
  })
})
