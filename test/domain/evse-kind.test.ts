// Owns the proof of what connectors tell about the current.
// Must not test where the words come from.
import { expect, test } from 'vitest'
import { evseKindOf } from '../../core/domain/evse-kind.ts'

test.each([
  [['cCCS2', 'cG105'], 'DC'],
  [['cType2'], 'AC'],
  [['sType2', 's309-3P-32A'], 'AC'],
  [['cType2', 'cCCS2'], null],
  [['cTesla'], null],
  [[], null],
] as const)('%j: %s', (standards, kind) => {
  expect(evseKindOf(standards)).toBe(kind)
})
