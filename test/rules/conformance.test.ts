// Owns the rule that the conformance page is what the tests say, and that they say nothing about messages that do not exist.
// Must not ask that every message is tested; the page shows which are.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pagePath, readCoverage, renderPage, strangers } from '../conformance/scan.ts'

const coverage = readCoverage()

test('tests cover messages that the standard has', () => {
  expect(coverage.length).toBeGreaterThan(20)
  expect(strangers(coverage)).toEqual([])
})

test('official case numbers have their form', () => {
  const cases = coverage.flatMap((one) => (one.officialCase === null ? [] : [one]))
  const form = (version: string) => (version === 'ocpp1.6' ? /^TC_\d{3}(_\d)?_CSMS$/ : /^TC_[A-S]_\d{2,3}(_\d)?_CSMS$/)
  expect(cases.filter((one) => !form(one.version).test(one.officialCase ?? ''))).toEqual([])
})

test('adapters/ocpp/conformance.md is fresh (npm run gen:conformance)', () => {
  expect(readFileSync(pagePath, 'utf8')).toBe(renderPage(coverage))
})
