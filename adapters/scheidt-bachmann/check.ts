// Owns the connection check: the map tried on the operator's samples, then the tenant asked whether it knows us.
// Must not store or change anything, on either side.
import { type CheckOptions, ConfigInvalid } from '../../core/plugin/index.ts'
import { econnect } from './api.ts'
import { completed, type EconnectConfig, examine, type GivenConfig } from './config.ts'
import { listConsumers } from './consumers.ts'
import { facilityIds } from './counters.ts'
import { listAt } from './document.ts'
import { factOf } from './events.ts'
import { readMessage } from './message.ts'
import { type Mapped, questionOf } from './read-mapped.ts'

export async function check(given: GivenConfig, { fetch, secret, signal }: CheckOptions): Promise<void> {
  const config = completed(given)
  examine(config)
  trySamples(config)
  await secret('inbound')
  if (config.baseUrl === '') return
  // A check asks for one token and is over before it ends.
  const clock = { now: () => new Date(0), after: () => () => undefined }
  const api = econnect({ config, fetch, clock, secret: () => secret('clientSecret') })
  const known = await facilityIds(api, signal)
  if (config.locationId !== '' && !known.includes(config.locationId))
    throw new ConfigInvalid(
      '/locationId',
      `eConnect knows ${known.slice(0, 20).join(', ') || 'no facility'} for this client.`,
    )
  if (config.customer !== '') await listConsumers({ api, config }, signal)
}

/** Times of samples without an offset are read in UTC: the site's zone is not known here, and nothing is kept. */
function trySamples(config: EconnectConfig): void {
  const { map, samples } = config
  const zone = map.zone ?? 'UTC'
  if (samples.question) {
    const document = sampleOf('/samples/question', samples.question)
    const now = new Date(0)
    fits('/samples/question', questionOf(document, { map, zone, now, newId: () => 'sample' }))
  }
  if (samples.event) {
    const items = listAt(sampleOf('/samples/event', samples.event), map.events.each, 1_000)
    if (items === 'too_many' || items.length === 0)
      throw new ConfigInvalid('/samples/event', `${map.events.each ?? 'The sample'} holds no events.`)
    for (const item of items) fits('/samples/event', factOf(item, { map, zone, currency: 'EUR' }))
  }
}

function sampleOf(pointer: string, text: string): unknown {
  const read = readMessage(Buffer.from(text, 'utf8'), '')
  if (read.kind === 'bad') throw new ConfigInvalid(pointer, read.detail)
  return read.value.document
}

function fits(pointer: string, mapped: Mapped<unknown>): void {
  if (mapped.kind === 'ok') return
  const said = mapped.errors.map(({ pointer: path, message }) => `${path || 'The message'} ${message}`).join('; ')
  throw new ConfigInvalid(pointer, `The field map does not fit this sample: ${said}.`)
}
