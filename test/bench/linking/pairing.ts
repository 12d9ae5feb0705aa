// Owns how right the pairing of entries and exits is where cameras misread: seeded garages with misread exits, missing ones and strangers.
// Must not judge; linking.ts prints it beside its targets.
import { deriveStays, type StayFact } from '../../../core/domain/stay/index.ts'
import { entry, exit, plate } from '../../domain/stay/fact-maker.ts'
import { camera } from './cameras.ts'
import { chance } from './seeded.ts'

export interface Pairing {
  /** Cars whose exit was seen as another plate than their entry, and of which both were seen. */
  misread: number
  /** Of these: given to the stay of their car by the plate model, kept apart, and pairs of two cars. */
  paired: number
  apart: number
  wrong: number
  /** Processor time of the whole by the number of passages. */
  meanMs: number
}

const missingExits = 0.03
const missingEntries = 0.01

export function pairing(cars: number, plateErrors: number, seed: number): Pairing {
  const random = chance(seed * 104_729 + cars)
  const { char, happens, below } = random
  const [inward, outward] = [camera('in', plateErrors, random), camera('out', plateErrors, random)]
  const facts: StayFact[] = []
  let misread = 0
  for (let i = 0; i < cars; i++) {
    const text = `${char('MB')}${char('ABXY')}${char('ABCDEFGH')}${1_000 + below(9_000)}`
    const from = below(16 * 60)
    const to = from + 20 + below(8 * 60)
    const [a, b] = [inward(text, new Date(0)), outward(text, new Date(0))]
    const seen = { entry: !happens(missingEntries), exit: !happens(missingExits) }
    const shown = ({ text: value, candidates, ...more }: typeof a) =>
      plate(value, {
        ...(more.confidence === undefined ? {} : { confidence: more.confidence }),
        ...(candidates ? { candidates: candidates.map(({ text }) => ({ value: text })) } : {}),
      })
    if (seen.entry) facts.push(entry(`e${i}`, from, [shown(a)]))
    if (seen.exit) facts.push(exit(`x${i}`, to, [shown(b)]))
    if (seen.entry && seen.exit && a.text !== b.text) misread++
  }
  const before = process.cpuUsage()
  const stays = deriveStays(facts, { siteId: 'site', currency: 'EUR' })
  const { user, system } = process.cpuUsage(before)
  const near = stays.filter(({ flags }) => flags.includes('paired_by_plate'))
  const carsOf = (ids: readonly string[]) => new Set(ids.map((id) => id.slice(1).split('/')[0]))
  const wrong = near.filter(({ factIds }) => carsOf(factIds).size > 1).length
  const paired = near.length - wrong
  return { misread, paired, apart: misread - paired, wrong, meanMs: (user + system) / 1_000 / facts.length }
}
