// Owns the hub's stays and standing rights as APDS sessions and assigned rights, and the two specifications they come under.
// Must not tell the price of energy: the book does not know it. The energy itself rides on the id code of a payment line.
import {
  type BookedRight,
  type BookedSite,
  type BookedStay,
  type Currency,
  majorText,
  minor,
} from '../../../core/plugin/index.ts'
import { toApds } from '../credential-words.ts'
import type { AssignedRight, Session, VersionedReference } from '../objects.ts'
import { ref, said } from './render-place.ts'

export interface UseInput {
  site: BookedSite
  operator: VersionedReference
  language: string
  expand(name: string): boolean
}

export const permitSpec = (siteId: string) => `${siteId}.permit`
export const shortStaySpec = (siteId: string) => `${siteId}.short-stay`
export const stayRightId = (stayId: string) => `stay.${stayId}`

export function renderStay(stay: BookedStay, input: UseInput): Session & Record<string, unknown> {
  const { site, expand } = input
  const start = (stay.enteredAt ?? stay.exitedAt ?? stay.updatedAt).toISOString()
  const end = stay.exitedAt?.toISOString()
  const forms = stay.credentials.length > 0 ? stay.credentials : [{ kind: 'ticket', value: stay.stayId }]
  const credentials = forms.map(({ kind, value }) => toApds(kind, value))
  const version = Math.max(1, stay.version)
  const bays = new Map(site.bays.map((bay) => [bay.code, bay.bayId]))
  const right = expand('segments.assignedRight')
    ? renderStayRight(stay, input)
    : ref(stayRightId(stay.stayId), version, 'AssignedRight')
  const segment = (index: number, from: string, to: string | undefined, bay?: string) => ({
    id: `${stay.stayId}.${index}`,
    version,
    actualStart: from,
    ...(to ? { actualEnd: to } : {}),
    assignedRight: right,
    validationType: [credentials[0]?.type ?? 'ticket'],
    ...(bay ? { spaceId: ref(bay, site.version ?? 1, 'Space') } : {}),
  })
  const stood = stay.bays.map((bay, index) =>
    segment(index, bay.from.toISOString(), bay.to?.toISOString(), bays.get(bay.code)),
  )
  return {
    id: stay.stayId,
    version,
    actualStart: start,
    ...(end ? { actualEnd: end } : {}),
    initiator: input.operator,
    hierarchyElement: ref(site.siteId, site.version ?? 1, 'Place'),
    identifiedCredentials: credentials,
    segments: stood.length > 0 ? stood : [segment(0, start, end)],
  }
}

/** What was paid, and for each charge a line of no value whose code carries the watt-hours. */
export function renderStayRight(
  stay: BookedStay,
  { site, operator }: UseInput,
): AssignedRight & Record<string, unknown> {
  const { stayId, currency } = stay
  const version = Math.max(1, stay.version)
  const value = (amountMinor: number) => ({
    currencyType: currency,
    currencyValue: Number(majorText(minor(amountMinor), currency as Currency)),
  })
  const line = (id: string, idCode: string, amountMinor: number, identifierId?: string) => ({
    id,
    version,
    paymentType: 'payment' as const,
    idCode,
    value: value(amountMinor),
    ...(identifierId ? { identifierId } : {}),
  })
  const paymentLines = [
    ...(stay.paidMinor === 0 ? [] : [line(`${stayId}.paid`, 'PARKING', stay.paidMinor)]),
    ...stay.charging.map(({ sessionId, energyWh }) =>
      line(`${stayId}.${sessionId}`, `ENERGY-WH-${energyWh}`, 0, sessionId),
    ),
  ]
  return {
    id: stayRightId(stayId),
    version,
    rightSpecification: ref(
      stay.parkerKind === 'transient' ? shortStaySpec(site.siteId) : permitSpec(site.siteId),
      site.version ?? 1,
      'RightSpecification',
    ),
    rightHolder: { credentials: stay.credentials.map(({ kind, value: text }) => toApds(kind, text)) },
    ...(paymentLines.length > 0
      ? {
          payments: [
            {
              id: `${stayId}.payments`,
              version,
              serviceProvider: operator,
              dateCollected: stay.updatedAt.toISOString(),
              paymentLines,
            },
          ],
        }
      : {}),
  }
}

export function renderRight(right: BookedRight, input: UseInput): AssignedRight & Record<string, unknown> {
  const { site, operator, expand } = input
  const credentials = [
    ...right.values.map((value) => toApds(right.kind, value)),
    ...right.plates
      .filter(({ text }) => right.kind !== 'plate' || !right.values.includes(text))
      .map(({ text }) => toApds('plate', text)),
  ]
  const until = right.validUntil?.toISOString()
  return {
    id: right.credentialId,
    version: Math.max(1, right.version),
    rightSpecification: ref(permitSpec(site.siteId), site.version ?? 1, 'RightSpecification'),
    rightHolder: { credentials },
    ...(until ? { expiry: until } : {}),
    ...(expand('assignedRightIssuer') ? { assignedRightIssuer: operator } : {}),
    ...(expand('plannedUses') && right.validFrom
      ? { plannedUses: [{ startTime: right.validFrom.toISOString(), ...(until ? { endTime: until } : {}) }] }
      : {}),
  }
}

export function renderSpecs({ site, operator, language, expand }: UseInput, rates: readonly VersionedReference[]) {
  const version = site.version ?? 1
  const spec = (
    id: string,
    type: 'permitParking' | 'oneTimeUseParking',
    description: string,
    credentials: readonly string[],
  ) => ({
    id,
    version,
    type,
    description: said({ language }, description),
    issuer: operator,
    transferable: false,
    hierarchyElements: [ref(site.siteId, version, 'Place')],
    validity: {
      validityStatus: 'active',
      validityTimeSpecification: { overallStartTime: (site.updatedAt ?? new Date(0)).toISOString() },
    },
    ...(expand('credentials') ? { credentials } : {}),
    ...(expand('rateEligibility') && type === 'oneTimeUseParking'
      ? {
          rateEligibility: rates.map((rateTable, index) => ({
            id: `${id}.${rateTable.id}`,
            version,
            priority: index + 1,
            combinable: false,
            rateTable,
          })),
        }
      : {}),
  })
  return [
    spec(permitSpec(site.siteId), 'permitParking', 'Permit', ['licensePlate', 'rfid', 'qrCode', 'electronicID']),
    spec(shortStaySpec(site.siteId), 'oneTimeUseParking', 'Short stay', ['licensePlate', 'ticket', 'qrCode']),
  ]
}
