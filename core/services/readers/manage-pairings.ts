// Owns learning how two readers write cards from cards shown to both: opening, looking at what was found out, accepting, undoing.
// Must not work out profiles; core/domain/credential/solve-profile.ts does.
import {
  type DecodeProfile,
  type PairedReads,
  pairReads,
  type SidedRead,
  type SolvedProfiles,
  solveProfiles,
} from '../../domain/credential/index.ts'
import {
  addPairingRead,
  type CardPairing,
  cardPairings,
  collectingPairing,
  type PairingChange,
  readsOfPairing,
} from '../../store/card-pairings.ts'
import { loadCardProfiles, modelProfiles } from '../../store/decode-profiles.ts'
import { type Reader, readers } from '../../store/readers.ts'
import { type Db, getRecord, listRecords } from '../../store/record-table.ts'
import { type Station, stations } from '../../store/stations.ts'
import { columns, columnsOf, manage, refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { broken, sameSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { manageProfiles, manageReaders, type ProfileCreate } from './manage-readers.ts'

export interface PairingCreate {
  firstReaderId: string
  secondReaderId?: string
  secondStationId?: string
  /** How long cards are collected. */
  minutes?: number
}

const defaultMinutes = 10

const records = manage<CardPairing, PairingCreate, Partial<Pick<CardPairing, 'state' | 'accepted'>>>({
  table: cardPairings,
  idOf: ({ pairingId }) => pairingId,
  siteOf: ({ siteId }) => siteId,
  async create({ trx, access, now }, { minutes = defaultMinutes, ...input }) {
    const { firstReaderId, secondReaderId, secondStationId } = input
    if ((secondReaderId === undefined) === (secondStationId === undefined))
      return invalid('/secondReaderId', 'is needed, or else secondStationId; one of the two')
    if (firstReaderId === secondReaderId) return invalid('/secondReaderId', 'is the first reader')
    const first = await getRecord(trx, readers, access, firstReaderId)
    const siteId = first?.siteId ?? null
    const missing = await broken(trx, access, [
      { pointer: '/firstReaderId', table: readers, id: firstReaderId, fits: readsCards },
      {
        pointer: '/secondReaderId',
        table: readers,
        id: secondReaderId,
        fits: (reader: Reader) => sameSite(siteId)(reader) ?? readsCards(reader),
      },
      { pointer: '/secondStationId', table: stations, id: secondStationId, fits: sameSite(siteId) },
    ])
    if (missing) return missing
    if (siteId === null) return invalid('/firstReaderId', 'has no site yet')
    const readerIds = [firstReaderId, ...(secondReaderId === undefined ? [] : [secondReaderId])]
    const of = { readerIds, stationId: secondStationId ?? null }
    if (await collectingPairing(trx, access.organizationId, of, now))
      return { kind: 'conflict', message: 'One of the two is in another pairing that is open.' }
    const endsAt = new Date(now.getTime() + minutes * 60_000)
    return columns({ ...columnsOf(cardPairings, { ...input, siteId, endsAt }), state: 'open' })
  },
  update: async (_making, _before, input) => columns(columnsOf(cardPairings, input)),
})

export interface PairingView extends CardPairing {
  /** Cards shown now still count. */
  collecting: boolean
  reads: SidedRead[]
  pairs: { first: string; second: string }[]
  waiting: PairedReads['waiting']
  solution: SolvedProfiles
}

export interface Accepting {
  /** Which of several solutions, from 0. Needed only when there are several. */
  candidate?: number
  /** Set for these two devices, or for all of their models. */
  for?: 'devices' | 'models'
}

export function managePairings(deps: ServiceDeps) {
  const own = records(deps)

  const view = async (db: Db, organizationId: string, pairing: CardPairing): Promise<PairingView> => {
    const reads = await readsOfPairing(db, organizationId, pairing)
    const { pairs, waiting } = pairReads(reads)
    return {
      ...pairing,
      collecting: pairing.state === 'open' && deps.clock.now() < pairing.endsAt,
      reads,
      pairs: pairs.map(([first, second]) => ({ first: first.raw, second: second.raw })),
      waiting,
      solution: solve(pairs, await knownProfiles(db, organizationId, pairing)),
    }
  }
  const viewed = async (access: Access, outcome: Outcome<CardPairing>): Promise<Outcome<PairingView>> =>
    outcome.kind === 'ok' ? ok(await view(deps.db, access.organizationId, outcome.value)) : outcome

  /** Locks the pairing, and refuses when it is past the state that the change begins with. */
  const inState = (
    access: Access,
    pairingId: string,
    state: CardPairing['state'],
    body: (trx: Db, pairing: CardPairing) => Promise<Outcome<CardPairing>>,
  ) =>
    refusable(deps, async (trx) => {
      const pairing = await getRecord(trx, cardPairings, access, pairingId, 'lock')
      if (!pairing) return notFound
      if (pairing.state !== state) return conflict(`The pairing is ${pairing.state}.`)
      return body(trx, pairing)
    })

  return {
    list: (access: Access, query: Parameters<typeof own.list>[1]) => listRecords(deps.db, cardPairings, access, query),
    get: async (access: Access, pairingId: string) => viewed(access, await own.get(access, pairingId)),
    create: async (access: Access, input: PairingCreate) => viewed(access, await own.create(access, input)),

    cancel: async (access: Access, pairingId: string) =>
      viewed(
        access,
        await inState(access, pairingId, 'open', (trx) =>
          records({ ...deps, db: trx }).update(access, pairingId, { state: 'cancelled' }),
        ),
      ),

    /** A card typed in, as the reader's own display or log shows it. */
    addRead: async (access: Access, pairingId: string, read: Omit<SidedRead, 'at'>) =>
      viewed(
        access,
        await inState(access, pairingId, 'open', async (trx, pairing) => {
          const at = deps.clock.now()
          if (at >= pairing.endsAt) return conflict('Its time is over.')
          await addPairingRead(trx, access.organizationId, { ...read, at, pairingId, readId: deps.newId() })
          return ok(pairing)
        }),
      ),

    /** Sets both profiles in one transaction; what was read before is read anew by them. */
    accept: async (access: Access, pairingId: string, accepting: Accepting) =>
      viewed(
        access,
        await inState(access, pairingId, 'open', async (trx, pairing) => {
          const { solution } = await view(trx, access.organizationId, pairing)
          const chosen = choose(solution, accepting.candidate)
          if (chosen.kind !== 'ok') return chosen
          const within = { ...deps, db: trx }
          const accepted: PairingChange[] = []
          for (const side of [1, 2] as const) {
            const [first, second] = chosen.value
            const change = await setProfile(within, access, pairing, side, side === 1 ? first : second, accepting.for)
            if (change.kind !== 'ok') return change
            accepted.push(change.value)
          }
          return records(within).update(access, pairingId, { state: 'accepted', accepted })
        }),
      ),

    /** Puts back the profiles that held before, unless somebody has changed them meanwhile. */
    undo: async (access: Access, pairingId: string) =>
      viewed(
        access,
        await inState(access, pairingId, 'accepted', async (trx, pairing) => {
          const within = { ...deps, db: trx }
          for (const change of pairing.accepted ?? []) {
            const undone = await takeBack(within, access, change)
            if (undone.kind !== 'ok') return undone
          }
          return records(within).update(access, pairingId, { state: 'undone' })
        }),
      ),
  }
}

const readsCards = ({ kind }: Reader) => (kind === 'card' ? null : 'reads no cards')

const conflict = (message: string): Refusal => ({ kind: 'conflict', message })

type Known = readonly [DecodeProfile | undefined, DecodeProfile | undefined]

/** A profile that is set already narrows what the other can be; where it does not fit the cards, it is what was wrong. */
function solve(pairs: PairedReads['pairs'], [first, second]: Known): SolvedProfiles {
  const attempts: Known[] = [
    [first, second],
    [undefined, second],
    [first, undefined],
  ]
  for (const known of attempts) {
    const solved = solveProfiles(pairs, known)
    if (solved.outcome !== 'none') return solved
  }
  return solveProfiles(pairs)
}

async function knownProfiles(db: Db, organizationId: string, pairing: CardPairing): Promise<Known> {
  const profiles = await loadCardProfiles(db, organizationId)
  const all = { organizationId, siteIds: null }
  const ofReader = async (readerId: string | null) => {
    const reader = readerId === null ? undefined : await getRecord(db, readers, all, readerId)
    return reader && profiles.ofReader(reader, reader.name)
  }
  const { firstReaderId, secondReaderId, secondStationId } = pairing
  return [await ofReader(firstReaderId), (await ofReader(secondReaderId)) ?? profiles.ofStation(secondStationId)]
}

function choose(solution: SolvedProfiles, candidate: number | undefined): Outcome<readonly DecodeProfile[]> {
  switch (solution.outcome) {
    case 'none':
      return conflict(solution.reason)
    case 'unique':
      return candidate === undefined || candidate === 0
        ? ok(solution.profiles)
        : invalid('/candidate', 'there is only one solution')
    case 'several': {
      if (candidate === undefined)
        return invalid('/candidate', 'says which of the solutions; or show another card to both readers')
      const chosen = solution.candidates[candidate]
      return chosen ? ok(chosen.profiles) : invalid('/candidate', `is 0 to ${solution.candidates.length - 1}`)
    }
  }
}

async function setProfile(
  deps: ServiceDeps,
  access: Access,
  pairing: CardPairing,
  side: 1 | 2,
  profile: DecodeProfile | undefined,
  target: Accepting['for'] = 'devices',
): Promise<Outcome<PairingChange>> {
  const { firstReaderId, secondReaderId, secondStationId } = pairing
  const readerId = side === 1 ? firstReaderId : secondReaderId
  if (profile === undefined) return notFound
  if (readerId === null) {
    const station = await getRecord(deps.db, stations, access, secondStationId ?? '')
    if (!station) return notFound
    const subject = target === 'devices' ? ofStation(station) : ofStationModel(station)
    return subject === null
      ? conflict('The station has not told its vendor and model yet.')
      : setModel(deps, access, subject, profile)
  }
  const reader = await getRecord(deps.db, readers, access, readerId)
  if (!reader) return notFound
  if (target === 'models') {
    if (reader.model === null) return conflict(`The reader ${reader.label} has no model. Name its model first.`)
    const model = await setModel(deps, access, { scope: 'reader_model', model: reader.model }, profile)
    if (model.kind !== 'ok' || reader.decodeProfile === null) return model
    return conflict(`The reader ${reader.label} has a profile of its own, which would hide that of its model.`)
  }
  const updated = await manageReaders(deps).update(access, readerId, { decodeProfile: profile })
  if (updated.kind !== 'ok') return updated
  return ok({ kind: 'reader', readerId, before: reader.decodeProfile, after: profile })
}

type Subject = Omit<ProfileCreate, 'profile'>

const ofStation = ({ stationId }: Station): Subject => ({ scope: 'station', stationId })

function ofStationModel({ vendor, model }: Station): Subject | null {
  return vendor === null || model === null ? null : { scope: 'station_model', vendor, model }
}

async function setModel(
  deps: ServiceDeps,
  access: Access,
  subject: Subject,
  profile: DecodeProfile,
): Promise<Outcome<PairingChange>> {
  const { scope, stationId, vendor = '', model = '' } = subject
  const { items } = await listRecords(deps.db, modelProfiles, access, {
    scope,
    model,
    ...(stationId === undefined ? {} : { stationId }),
    limit: 200,
  })
  const known = items.find((one) => one.vendor === vendor)
  const written = known
    ? await manageProfiles(deps).update(access, known.profileId, { profile })
    : await manageProfiles(deps).create(access, { ...subject, profile })
  if (written.kind !== 'ok') return written
  const { profileId } = written.value
  return ok({ kind: 'profile', profileId, before: known?.profile ?? null, after: profile })
}

async function takeBack(deps: ServiceDeps, access: Access, change: PairingChange): Promise<Outcome<unknown>> {
  const moved = conflict('A profile was changed after it was accepted; change it there.')
  if (change.kind === 'reader') {
    const reader = await getRecord(deps.db, readers, access, change.readerId)
    if (!same(reader?.decodeProfile, change.after)) return moved
    return manageReaders(deps).update(access, change.readerId, { decodeProfile: change.before })
  }
  const current = await getRecord(deps.db, modelProfiles, access, change.profileId)
  if (current?.archivedAt !== null || !same(current.profile, change.after)) return moved
  return change.before === null
    ? manageProfiles(deps).archive(access, change.profileId)
    : manageProfiles(deps).update(access, change.profileId, { profile: change.before })
}

function same(a: DecodeProfile | null | undefined, b: DecodeProfile): boolean {
  const text = (profile: object) => JSON.stringify(Object.entries(profile).sort(([x], [y]) => (x < y ? -1 : 1)))
  return a != null && text(a) === text(b)
}
