// Owns the hub's credentials and their holders as rows of the files that the parking system fetches.
// Must not take a row out again: who is merely absent from a file stays valid at the gate.
import type { Kysely } from 'kysely'
import {
  type ActionOutcome,
  localDate,
  type ParkingAction,
  type PreloadedCredential,
  withOffset,
} from '../../../core/plugin/index.ts'
import type { FilesConfig } from './config.ts'
import { type CardRow, type CustomerRow, card, customer, type UserRow, user } from './layouts.ts'
import { emptyRecord, unfitFields } from './record-file.ts'
import type { FilesTables } from './tables.ts'

export interface OutgoingDeps {
  db: Kysely<FilesTables>
  connectionId: string
  config: FilesConfig
}

interface Holder {
  surname: string
  firstname: string
  plates: string
  maxInside: number | null
}

const largestNumber = 999_999_999

export function outgoing({ db, connectionId, config }: OutgoingDeps) {
  const cards = async (): Promise<(CardRow & { credentialId: string })[]> => {
    const rows = await db
      .selectFrom('outgoing')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .orderBy('credential_id')
      .execute()
    return rows.map(({ credential_id, row }) => ({ ...(JSON.parse(row) as CardRow), credentialId: credential_id }))
  }
  const keep = async (credentialId: string, fields: CardRow) => {
    const row = JSON.stringify(fields)
    await db
      .insertInto('outgoing')
      .values({ connection_id: connectionId, credential_id: credentialId, row })
      .onConflict((conflict) => conflict.columns(['connection_id', 'credential_id']).doUpdateSet({ row }))
      .execute()
  }
  const holders = () =>
    db
      .selectFrom('outgoing_person')
      .selectAll()
      .where('connection_id', '=', connectionId)
      .orderBy('user_number')
      .execute()

  /** The number of this account's user: the system's own where the account came from there, else one of the hub's. */
  async function userNumberOf(account: string, holder: Holder, now: Date): Promise<number | null> {
    const own = account.startsWith(config.accountPrefix) ? account.slice(config.accountPrefix.length) : ''
    if (/^[1-9]\d{0,8}$/.test(own)) return Number(own)
    if (config.userNumbersFrom === 0) return null
    const all = await holders()
    const row = JSON.stringify(holder)
    const known = all.find(({ account_number }) => account_number === account)
    if (known) {
      if (known.row !== row)
        await db
          .updateTable('outgoing_person')
          .set({ row, changed_at: now })
          .where('connection_id', '=', connectionId)
          .where('account_number', '=', account)
          .execute()
      return known.user_number
    }
    const taken = new Set([
      ...all.map(({ user_number }) => user_number),
      ...(
        await db
          .selectFrom('person')
          .select('number')
          .where('connection_id', '=', connectionId)
          .where('number', '>=', config.userNumbersFrom)
          .execute()
      ).map(({ number }) => number),
    ])
    let number = config.userNumbersFrom
    while (taken.has(number)) number += 1
    await db
      .insertInto('outgoing_person')
      .values({ connection_id: connectionId, account_number: account, user_number: number, row, changed_at: now })
      .execute()
    return number
  }

  async function put(data: PreloadedCredential, zone: string, now: Date): Promise<ActionOutcome> {
    const row = rowOf(config, data, zone)
    const [unfit] = row.ticketNumber === '' ? [{ field: 'ticketNumber', message: 'is empty' }] : unfitFields(card, row)
    if (unfit) return { kind: 'refused', reason: `The card file cannot carry it: ${unfit.field} ${unfit.message}.` }
    const { accountNumber } = data
    if (accountNumber !== null) {
      const holder = holderOf(data, config)
      const [no] = config.userNumbersFrom === 0 ? [] : unfitHolder(accountNumber, holder, config)
      if (no) return { kind: 'refused', reason: `The files of people cannot carry it: ${no.field} ${no.message}.` }
      row.userNumber = await userNumberOf(accountNumber, holder, now)
      if (Number(row.userNumber) > largestNumber)
        return { kind: 'refused', reason: 'All user numbers of nine digits are given.' }
    }
    await keep(data.credentialId, row)
    return { kind: 'done', reference: String(row.ticketNumber) }
  }

  return {
    cards,
    async act(action: ParkingAction, zone: string, now: Date): Promise<ActionOutcome> {
      if (action.kind === 'credential.put') return put(action.data, zone, now)
      if (action.kind !== 'credential.remove') return { kind: 'refused', reason: 'A card file has no such row.' }
      const known = (await cards()).find(({ credentialId }) => credentialId === action.data.credentialId)
      if (!known) return { kind: 'done' }
      const { credentialId, ...row } = known
      await keep(credentialId, { ...row, blocked: true, blockedDate: localDate(now, zone) })
      return { kind: 'done', reference: String(row.ticketNumber) }
    },
    async users(zone: string): Promise<UserRow[]> {
      return (await holders()).map(({ user_number, row, changed_at }) =>
        userRow(config, user_number, JSON.parse(row) as Holder, moment(changed_at, zone)),
      )
    },
    /** Each account is its own customer: how many cars may be inside at once is a matter of customers. */
    async customers(zone: string): Promise<CustomerRow[]> {
      const live = new Set((await cards()).flatMap(({ blocked, userNumber }) => (blocked === true ? [] : [userNumber])))
      return (await holders()).map(({ user_number, account_number, row, changed_at }) => ({
        ...customerRow(user_number, account_number, JSON.parse(row) as Holder, moment(changed_at, zone)),
        blocked: !live.has(user_number),
      }))
    },
  }
}

export type Outgoing = ReturnType<typeof outgoing>

/** A name is for people to read: cut and without what would break the line. Everything else has to fit or is refused. */
function holderOf(
  { holder, accountNumber, plates, maxInside }: PreloadedCredential,
  { plateField }: FilesConfig,
): Holder {
  const words = (holder ?? accountNumber ?? '')
    .replaceAll(/[\p{Cc}\p{Cs}";]+/gu, ' ')
    .trim()
    .split(/\s+/)
  const cut = (text: string) => text.slice(0, 25).replace(/[\ud800-\udbff]$/, '')
  return {
    surname: cut(words.at(-1) ?? ''),
    firstname: cut(words.slice(0, -1).join(' ')),
    plates: plateField === '' ? '' : plates.map(({ text }) => text).join(','),
    maxInside,
  }
}

function unfitHolder(accountNumber: string, holder: Holder, config: FilesConfig) {
  return [
    ...unfitFields(user, userRow(config, 0, holder, null), () => true),
    ...unfitFields(customer, customerRow(0, accountNumber, holder, null), () => true),
  ]
}

function userRow({ plateField }: FilesConfig, number: number, holder: Holder, at: string | null): UserRow {
  return {
    ...emptyRecord(user),
    userNumber: number,
    customerNumber: number,
    surname: holder.surname,
    firstname: holder.firstname,
    lastModification: at,
    groupCounting: holder.maxInside !== null,
    ...(plateField === '' || holder.plates === ''
      ? {}
      : { [plateField]: holder.plates, passageLicensePlatePermitted: true }),
  }
}

function customerRow(number: number, accountNumber: string, holder: Holder, at: string | null): CustomerRow {
  return {
    ...emptyRecord(customer),
    customerNumber: number,
    surname: holder.surname,
    firstname: holder.firstname,
    maximumLevel: holder.maxInside,
    groupCounting: holder.maxInside !== null,
    lastModification: at,
    accountingNumber: accountNumber,
  }
}

const moment = (at: Date, zone: string) => withOffset(at, zone).slice(0, 19).replace('T', ' ')

function rowOf(
  { facilityNo, articleNo, articleOfGroup }: FilesConfig,
  { presentations, groups, validFrom, validUntil, allowPassback }: PreloadedCredential,
  zone: string,
): CardRow {
  const of = (...kinds: string[]) => presentations.find(({ kind }) => kinds.includes(kind))?.value ?? ''
  const group = groups.find((code) => articleOfGroup[code] !== undefined)
  return {
    ...emptyRecord(card),
    ticketNumber: of('ticket', 'qr') || of('card'),
    serialNo: of('card'),
    articleNumber: (group === undefined ? undefined : articleOfGroup[group]) ?? articleNo,
    validFrom: validFrom ? localDate(validFrom, zone) : null,
    // The last instant before it ends: an end at midnight belongs to the day before.
    expires: validUntil ? localDate(new Date(validUntil.getTime() - 1), zone) : null,
    isNeutral: allowPassback,
    productionFacilityNumber: facilityNo,
  }
}
