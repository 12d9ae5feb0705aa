// Owns the step from whatever a camera calls a country to ISO 3166: "ESP", "D", "us-ca", "Poland".
// Must not take a state for a country: "ca" alone is California or Canada.
import { alpha2, alpha3, vehicleSigns } from './country-codes.ts'

export interface Origin {
  country?: string
  region?: string
}

/** One country's code or English name; undefined when it is none. */
export function countryOf(given: string | undefined): string | undefined {
  const code = given?.toUpperCase()
  if (code === undefined) return undefined
  if (code.length === 2 && alpha2.has(code)) return code
  return alpha3.get(code) ?? vehicleSigns.get(code) ?? names().get(code)
}

/**
 * A code that may name a state behind its country, as "us-ca", "mx-nle", "eu-de". Alone it is a country, unless `home` says
 * that the camera writes the states of that country.
 */
export function originOf(given: string | undefined, home?: string): Origin {
  const [first, ...rest] = given?.split(/[-_\s]/) ?? []
  const last = rest.join('')
  if (first === undefined) return {}
  if (rest.length > 0) {
    if (first.toLowerCase() === 'eu') return withCountry(countryOf(last))
    const country = countryOf(first)
    if (country !== undefined) return withRegion(country, last)
    return withCountry(countryOf(given))
  }
  return home === undefined ? withCountry(countryOf(first)) : withRegion(home, first)
}

function withCountry(country: string | undefined): Origin {
  return country === undefined ? {} : { country }
}

function withRegion(country: string, region: string): Origin {
  const code = region.toUpperCase()
  return /^[A-Z0-9]{1,3}$/.test(code) ? { country, region: code } : { country }
}

let english: ReadonlyMap<string, string> | undefined

function names(): ReadonlyMap<string, string> {
  if (english) return english
  const display = new Intl.DisplayNames(['en'], { type: 'region' })
  english = new Map([...alpha2].map((code) => [(display.of(code) ?? code).toUpperCase(), code]))
  return english
}
