// Owns bringing a credential's account, vehicles and contacts at Flash to what the hub wants, and asking what became of it.
// Must not write without having looked, nor use a number again that was ended.
import type { ActionOutcome, OutcomeInquiry, ParkingAction, PreloadedCredential } from '../../core/plugin/index.ts'
import { isOurs, stands, type There, thereOf, type Wanted, wantedOf } from './account.ts'
import { type Called, type FlashApi, lookOutcome, stepOutcome } from './api.ts'
import type { FlashConfig } from './config.ts'
import type { AccountNumber, Numbers } from './numbers.ts'

export interface LifecycleDeps {
  api: FlashApi
  config: FlashConfig
  numbers: Numbers
  zone: string
}

export async function actOnAccount(
  deps: LifecycleDeps,
  action: ParkingAction,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  if (action.kind === 'credential.put') return put(deps, action.data, signal)
  if (action.kind === 'credential.remove') return remove(deps, action.data.credentialId, signal)
  return { kind: 'refused', code: 'unsupported', reason: 'The Monthly API of Flash has no call for this.' }
}

async function put(deps: LifecycleDeps, data: PreloadedCredential, signal: AbortSignal): Promise<ActionOutcome> {
  const { config, numbers, zone } = deps
  const shaped = wantedOf(data, config, zone)
  if (shaped.kind === 'refused') return shaped
  const before = await numbers.latest(data.credentialId)
  if (before?.state === 'ending') {
    const ended = await cancel(deps, before, signal)
    if (ended.kind !== 'done') return ended
  }
  let number = await numbers.use(data.credentialId)
  const looked = await look(deps, number, signal)
  if (looked.kind === 'failed') return looked.outcome
  let { there } = looked
  if (there && stands(there, shaped.value)) {
    await numbers.mark(number, 'known')
    return { kind: 'done', reference: number.number }
  }
  let written = await writeAccount(deps, number, there ? 'Update' : 'Add', shaped.value.account, signal)
  if (written.kind === 'failure' && there === null && number.state === 'known') {
    // It was there once and is gone: somebody deleted it at Flash, and from version 6 on no deleted number comes back.
    await numbers.mark(number, 'ended')
    number = await numbers.use(data.credentialId)
    there = null
    written = await writeAccount(deps, number, 'Add', shaped.value.account, signal)
  }
  if (written.kind !== 'success') return stepOutcome(written)
  await numbers.mark(number, 'known')
  return (await bringParts(deps, number, there, shaped.value, signal)) ?? { kind: 'done', reference: number.number }
}

/** Undefined when all is as wanted. What goes, goes first: a card or plate may be in use once only. */
async function bringParts(
  { api, config }: LifecycleDeps,
  { number }: AccountNumber,
  there: There | null,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<ActionOutcome | undefined> {
  const account = { AccountNumber: number, AccountNumberType: config.accountNumberType }
  const kinds = [
    {
      call: 'MonthlyVehicle',
      id: 'VehicleId',
      idType: 'VehicleIdType',
      want: wanted.vehicles,
      has: there?.vehicles ?? [],
    },
    {
      call: 'MonthlyContact',
      id: 'ContactId',
      idType: 'ContactIdType',
      want: wanted.contacts,
      has: there?.contacts ?? [],
    },
  ] as const
  for (const { call, id, idType, want, has } of kinds) {
    const names = (value: string) => ({ ...account, [id]: value, [idType]: config.accountNumberType })
    for (const old of has.filter((one) => isOurs(one) && !want.has(one))) {
      const gone = await api.post(call, { ...names(old), ActionType: 'Delete' }, signal)
      if (gone.kind !== 'success' && gone.kind !== 'not_found') return stepOutcome(gone)
    }
    for (const [name, fields] of want) {
      if (has.includes(name)) continue
      const added = await api.post(call, { ...names(name), ActionType: 'Add', ...fields }, signal)
      if (added.kind !== 'success') return stepOutcome(added)
    }
  }
  return undefined
}

async function remove(deps: LifecycleDeps, credentialId: string, signal: AbortSignal): Promise<ActionOutcome> {
  const number = await deps.numbers.latest(credentialId)
  if (!number || number.state === 'ended') return { kind: 'done' }
  if (deps.config.removal === 'cancel' || number.state === 'ending') return cancel(deps, number, signal)
  return suspend(deps, number, signal)
}

export async function suspend(deps: LifecycleDeps, number: AccountNumber, signal: AbortSignal): Promise<ActionOutcome> {
  const account = { AccountType: deps.config.accountType, Status: 'Inactive' }
  const written = await writeAccount(deps, number, 'Update', account, signal)
  return written.kind === 'success' || written.kind === 'not_found'
    ? { kind: 'done', reference: number.number }
    : stepOutcome(written)
}

/** The number is used up from here on, whatever becomes of the call. */
async function cancel(deps: LifecycleDeps, number: AccountNumber, signal: AbortSignal): Promise<ActionOutcome> {
  await deps.numbers.mark(number, 'ending')
  const written = await writeAccount(deps, number, 'Delete', { AccountType: deps.config.accountType }, signal)
  if (written.kind !== 'success' && written.kind !== 'not_found') return stepOutcome(written)
  await deps.numbers.mark(number, 'ended')
  return { kind: 'done', reference: number.number }
}

function writeAccount(
  { api }: LifecycleDeps,
  { number }: AccountNumber,
  ActionType: 'Add' | 'Update' | 'Delete',
  account: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<Called> {
  return api.post('MonthlyAccount6', { AccountNumber: number, ActionType, ...account }, signal)
}

type Looked = { kind: 'seen'; there: There | null } | { kind: 'failed'; outcome: ActionOutcome }

export async function look(
  { api, config }: Pick<LifecycleDeps, 'api' | 'config'>,
  { number }: Pick<AccountNumber, 'number'>,
  signal: AbortSignal,
): Promise<Looked> {
  const query = { locationId: config.locationId, AccountNumberType: config.accountNumberType, AccountNumber: number }
  const called = await api.get('GetMonthlyAccount1', query, signal)
  if (called.kind === 'success') return { kind: 'seen', there: thereOf(called.json) }
  if (called.kind === 'not_found') return { kind: 'seen', there: null }
  return { kind: 'failed', outcome: lookOutcome(called) }
}

export async function askAccount(
  deps: LifecycleDeps,
  action: ParkingAction,
  signal: AbortSignal,
): Promise<OutcomeInquiry> {
  if (action.kind !== 'credential.put' && action.kind !== 'credential.remove') return { kind: 'not_done' }
  const number = await deps.numbers.latest(action.data.credentialId)
  const gone = !number || number.state === 'ended'
  if (action.kind === 'credential.remove' && gone) return { kind: 'done' }
  if (gone) return { kind: 'not_done' }
  const looked = await look(deps, number, signal)
  if (looked.kind === 'failed')
    return { kind: 'unknown', reason: looked.outcome.kind === 'done' ? '' : looked.outcome.reason }
  const { there } = looked
  if (action.kind === 'credential.remove') {
    if (there?.active) return { kind: 'not_done' }
    if (number.state === 'ending') await deps.numbers.mark(number, 'ended')
    return { kind: 'done', reference: number.number }
  }
  const shaped = wantedOf(action.data, deps.config, deps.zone)
  const done = shaped.kind === 'ok' && there !== null && number.state !== 'ending' && stands(there, shaped.value)
  return done ? { kind: 'done', reference: number.number } : { kind: 'not_done' }
}
