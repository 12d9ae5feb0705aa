// Owns the list of people that the system's users, customers and cards make together, in the columns that the hub imports.
// Must not write people into the hub: whoever imports the list tries it first and decides.
import type { Kysely } from 'kysely'
import { type PeopleLine, peopleText, startOfLocalDate } from '../../../core/plugin/index.ts'
import type { FilesConfig } from './config.ts'
import type { FilesTables } from './tables.ts'
import { dayAfter, type KeptCard } from './take-cards.ts'
import type { KeptCustomer, KeptUser } from './take-people.ts'

const columns = [
  'account_number',
  'account_name',
  'account_kind',
  'account_status',
  'parker_kind',
  'email',
  'phone',
  'valid_from',
  'valid_until',
  'groups',
  'plate',
  'credential_kind',
  'credential_value',
  'credential_encoding',
  'credential_label',
  'credential_status',
] as const

/** @param today as the site's calendar has it */
export async function peopleList(
  { db, connectionId }: { db: Kysely<FilesTables>; connectionId: string },
  config: FilesConfig,
  { zone, today }: { zone: string; today: string },
): Promise<string> {
  const [people, cardRows, ours] = await Promise.all([
    db.selectFrom('person').selectAll().where('connection_id', '=', connectionId).orderBy('number').execute(),
    db.selectFrom('card').select('row').where('connection_id', '=', connectionId).orderBy('ticket_number').execute(),
    db.selectFrom('outgoing_person').select('user_number').where('connection_id', '=', connectionId).execute(),
  ])
  const written = new Set(ours.map(({ user_number }) => user_number))
  const customers = new Map(
    people.flatMap(({ kind, number, row }) =>
      kind === 'customer' ? [[number, JSON.parse(row) as KeptCustomer] as const] : [],
    ),
  )
  const cards = new Map<unknown, KeptCard[]>()
  for (const { row } of cardRows) {
    if (row === null) continue
    const card = JSON.parse(row) as KeptCard
    cards.set(card.userNumber, [...(cards.get(card.userNumber) ?? []), card])
  }
  const lines = people.flatMap(({ kind, number, row }) => {
    // What the hub wrote itself comes back in the system's files and is nobody new.
    if (kind !== 'user' || written.has(number)) return []
    const user = JSON.parse(row) as KeptUser
    return linesOf(
      config,
      number,
      user,
      customers.get(Number(user.customerNumber)),
      cards.get(number) ?? [],
      zone,
      today,
    )
  })
  return peopleText(columns, lines)
}

function linesOf(
  config: FilesConfig,
  number: number,
  user: KeptUser,
  customer: KeptCustomer | undefined,
  cards: readonly KeptCard[],
  zone: string,
  today: string,
): PeopleLine[] {
  const closed = user.deletedRecord === true || customer?.deletedRecord === true
  const nameOf = (one: Pick<KeptUser, 'firstname' | 'surname'> | undefined) =>
    `${one?.firstname ?? ''} ${one?.surname ?? ''}`.trim()
  const account_number = `${config.accountPrefix}${number}`
  const account: PeopleLine = {
    account_number,
    account_name: nameOf(user) || nameOf(customer) || account_number,
    account_kind: 'person',
    account_status: closed ? 'closed' : customer?.blocked === true ? 'suspended' : 'active',
    parker_kind: 'contract',
    email: String(user.email || customer?.email || ''),
    phone: String(customer?.telephone ?? ''),
    valid_from: typeof customer?.beginDate === 'string' ? startOfLocalDate(customer.beginDate, zone).toISOString() : '',
    // The day it ends is its last.
    valid_until:
      typeof customer?.terminationDate === 'string' ? dayAfter(customer.terminationDate, zone).toISOString() : '',
    groups: groupsOf(config, cards),
  }
  const plates = config.plateField === '' || closed ? [] : String(user[config.plateField]).split(',')
  const more = [
    ...plates.flatMap((plate): PeopleLine[] => (plate.trim() === '' ? [] : [{ plate: plate.trim() }])),
    ...(closed ? [] : cards).map((card) => cardLine(config, card, today)),
  ]
  return more.length === 0 ? [account] : more.map((line) => ({ ...account, ...line }))
}

function groupsOf({ articleOfGroup }: FilesConfig, cards: readonly KeptCard[]): string {
  const articles = new Set(cards.map(({ articleNumber }) => articleNumber))
  return Object.entries(articleOfGroup)
    .flatMap(([code, article]) => (articles.has(article) ? [code] : []))
    .join('|')
}

function cardLine({ cardNumber, serialEncoding }: FilesConfig, card: KeptCard, today: string): PeopleLine {
  const serial = String(card.serialNo)
  const ticket = String(card.ticketNumber)
  const value = (cardNumber === 'serialNo' ? serial : ticket) || serial || ticket
  const ended = card.blocked === true || (typeof card.expires === 'string' && card.expires < today)
  return {
    credential_kind: 'card',
    credential_value: value,
    ...(value === serial && serialEncoding !== '' ? { credential_encoding: serialEncoding } : {}),
    credential_label: ticket,
    credential_status: ended ? 'blocked' : 'active',
  }
}
