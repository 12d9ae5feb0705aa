// Owns the proof that the hub's own look for mistakes in JSON agrees with the runtime's parser, and finds them where they are.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultIn } from '../../core/http/json-body.ts'

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
