// Owns the hub's credentials as consumers of eConnect, and the vendor's consumers as the hub may read them.
// Must not write by any call but the documented upsert before a removal is safe: a path that is wrong would look like "gone".
import {
  type ActionOutcome,
  failedOutcome,
  type ParkingAction,
  type PreloadedCredential,
  succeeded,
  type VendorAnswer,
} from '../../core/plugin/index.ts'
import { type Api, answered } from './api.ts'
import type { EconnectConfig } from './config.ts'
import { at, documentOf, listAt, textAt } from './document.ts'

const prefix = 'hub-'
export const referenceOf = (credentialId: string) => `${prefix}${credentialId}`
/** Null for consumers that the hub did not write. */
export const credentialOf = (reference: string) =>
  /^hub-[0-9a-f-]{36}$/.test(reference) ? reference.slice(prefix.length) : null

export interface ConsumerDeps {
  api: Api
  config: EconnectConfig
}

const root = '/customers-contracts/v2/{project}/customers/'
const upsertPath = ({ customer }: EconnectConfig) =>
  `${root}${encodeURIComponent(customer)}/consumers/regular/aggregates`
const listPath = ({ customer, contract }: EconnectConfig, page: number) =>
  `${root}${encodeURIComponent(customer)}/contracts/${encodeURIComponent(contract)}/consumers/regular?page=${page}&size=100`

/** Writing the same consumer twice is writing it once: the reference is the vendor's key (implementation patterns). */
export async function putConsumer(
  deps: ConsumerDeps,
  data: PreloadedCredential,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const { config } = deps
  const product = productOf(config, data.groups)
  if (product === null)
    return {
      kind: 'refused',
      code: 'no_product',
      reason: `None of the groups ${data.groups.join(', ') || '(there are none)'} has a product, and no product is set for everybody.`,
    }
  const mediums = mediumsOf(config, data)
  if (mediums.length === 0)
    return {
      kind: 'refused',
      code: 'no_medium',
      reason: `No form of this credential has a word in mediumTypes (${Object.keys(config.mediumTypes).join(', ')}).`,
    }
  const [firstName, lastName] = namesOf(data)
  const reference = referenceOf(data.credentialId)
  const limits = { validFrom: data.validFrom?.toISOString(), validUntil: data.validUntil?.toISOString() }
  const body = consumer(config, { reference, firstName, lastName, product, mediums, ...limits })
  return outcomeOf(await deps.api.call('POST', upsertPath(config), { json: body, signal }), reference)
}

/** First no medium opens a gate any more, by the call that is documented; then the consumer itself goes, where that is wanted. */
export async function removeConsumer(
  { api, config }: ConsumerDeps,
  credentialId: string,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const reference = referenceOf(credentialId)
  const product = config.product === '' ? (Object.values(config.productByGroup)[0] ?? '') : config.product
  const body = consumer(config, { reference, firstName: 'Removed', lastName: 'Removed', product, mediums: [] })
  const emptied = outcomeOf(await api.call('POST', upsertPath(config), { json: body, signal }), reference)
  if (emptied.kind !== 'done' || config.removal === 'withoutMediums') return emptied
  const answer = await api.call('DELETE', `${upsertPath(config)}/${encodeURIComponent(reference)}`, { signal })
  return answer.kind === 'answered' && answer.status === 404
    ? { kind: 'done', reference }
    : outcomeOf(answer, reference)
}

export async function actOnConsumer(
  deps: ConsumerDeps,
  action: ParkingAction,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  if (action.kind === 'credential.put') return putConsumer(deps, action.data, signal)
  if (action.kind === 'credential.remove') return removeConsumer(deps, action.data.credentialId, signal)
  return { kind: 'refused', code: 'unsupported', reason: 'eConnect has no public call for this.' }
}

function productOf({ product, productByGroup }: EconnectConfig, groups: readonly string[]): string | null {
  const own = groups.find((code) => Object.hasOwn(productByGroup, code))
  return (own === undefined ? undefined : productByGroup[own]) ?? (product === '' ? null : product)
}

interface Medium {
  type: string
  value: string
  encoding?: string
}

function mediumsOf({ mediumTypes, plateEncoding }: EconnectConfig, data: PreloadedCredential): Medium[] {
  const forms = [
    ...data.presentations,
    ...data.plates.map(({ text: value }) => ({ kind: 'plate', value, encoding: undefined })),
  ]
  const mediums = forms.flatMap(({ kind, value, encoding }): Medium[] => {
    const type = Object.hasOwn(mediumTypes, kind) ? mediumTypes[kind] : undefined
    if (type === undefined) return []
    if (kind === 'plate') return [{ type, value, ...(plateEncoding ? { encoding: plateEncoding } : {}) }]
    return [{ type, value, ...(encoding ? { encoding: encoding.toUpperCase() } : {}) }]
  })
  return [...new Map(mediums.map((medium) => [`${medium.type} ${medium.value}`, medium])).values()]
}

function namesOf({ holder, accountNumber, credentialId }: PreloadedCredential): [string, string] {
  const words = (holder ?? accountNumber ?? credentialId).trim().split(/\s+/)
  const last = words.pop() ?? credentialId
  return [(words.join(' ') || last).slice(0, 100), last.slice(0, 100)]
}

function consumer(
  { contract, costCenter, consumerFields }: EconnectConfig,
  of: {
    reference: string
    firstName: string
    lastName: string
    product: string
    mediums: readonly Medium[]
    validFrom?: string | undefined
    validUntil?: string | undefined
  },
): object {
  return documentOf([
    ['/externalReference', of.reference],
    ['/firstName', of.firstName],
    ['/lastName', of.lastName],
    ['/costCenter', costCenter === '' ? undefined : costCenter],
    ['/mediums', of.mediums],
    [consumerFields.contract, contract],
    [consumerFields.product, of.product],
    [consumerFields.validFrom, of.validFrom],
    [consumerFields.validUntil, of.validUntil],
  ])
}

function outcomeOf(answer: VendorAnswer, reference: string): ActionOutcome {
  return succeeded(answer)
    ? { kind: 'done', reference }
    : failedOutcome(answer, (json) => textAt(json, '/message', 500) ?? textAt(json, '/detail', 500))
}

export interface ListedConsumer {
  reference: string
  name: string
  mediums: readonly { type: string; value: string }[]
}

const mostPages = 1_000

/** All consumers of the contract, page by page (`content`, `last`, `totalPages`, as its visitor list has them). @throws AuthFailed, NotReady */
export async function listConsumers({ api, config }: ConsumerDeps, signal: AbortSignal): Promise<ListedConsumer[]> {
  const found = new Map<string, ListedConsumer>()
  for (let page = 0; page < mostPages; page++) {
    const answer = answered(
      await api.call('GET', listPath(config, page), { signal }),
      'The consumers could not be read',
    )
    const content = listAt(answer.json, '/content', 10_000)
    if (content === 'too_many' || content.length === 0) break
    for (const item of content) {
      const reference = textAt(item, '/externalReference') ?? textAt(item, '/businessId')
      if (reference === undefined) continue
      const name = [textAt(item, '/firstName'), textAt(item, '/lastName')].filter(Boolean).join(' ')
      found.set(reference, { reference, name, mediums: listedMediums(item) })
    }
    const pages = Number(textAt(answer.json, '/totalPages', 9) ?? Number.NaN)
    if (at(answer.json, '/last') === true || page + 1 >= pages) break
  }
  return [...found.values()]
}

function listedMediums(item: unknown): ListedConsumer['mediums'] {
  const mediums = listAt(item, '/mediums', 100)
  if (mediums === 'too_many') return []
  const plates = at(item, '/licensePlates')
  return [
    ...mediums.flatMap((medium) => {
      const value = textAt(medium, '/value')
      return value === undefined ? [] : [{ type: textAt(medium, '/type', 60) ?? '', value }]
    }),
    ...(Array.isArray(plates) ? plates.slice(0, 100) : []).flatMap((plate) =>
      typeof plate === 'string' ? [{ type: 'LICENSEPLATE', value: plate }] : [],
    ),
  ]
}
