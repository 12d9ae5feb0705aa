// Owns turning what a caller asks of a station into the command it means: sessions become transactions, numbers are made.
// Must not queue it; command-station.ts does.
import { majorText, minor } from '../../domain/money.ts'
import { isSecretSetting } from '../../domain/secret-setting.ts'
import type { DisplayMessage, StationCommand, TransactionRef } from '../../domain/station-command.ts'
import { sites } from '../../store/places.ts'
import { type Db, getRecord, listRecords } from '../../store/record-table.ts'
import { chargingSessions, endedNumbered, openTransaction } from '../../store/sessions-read.ts'
import { evses } from '../../store/stations.ts'
import type { FilePorts } from '../files/file-deps.ts'
import { costStanding } from '../payments/cost-standing.ts'
import type { RunningPriceDeps } from '../payments/running-price.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type FileCommandRequest, prepareFileCommand } from './file-commands.ts'
import { type Access, invalid, type Refusal } from './outcome.ts'

type Of<N extends StationCommand['name']> = Extract<StationCommand, { name: N }>
/** A command whose transaction the caller names by the charging session, as everywhere in the API. */
type BySession<N extends StationCommand['name']> = Omit<Of<N>, 'transaction'> & { sessionId: string }
/** A command whose number the hub makes. */
type Unnumbered<N extends StationCommand['name']> = Omit<Of<N>, 'requestId'>

type Special =
  | Omit<Of<'start'>, 'remoteStartId'>
  | BySession<'stop' | 'change_tariff'>
  | (Omit<BySession<'allow_energy_transfer'>, 'name'> & { name: 'allow_energy_transfer' })
  | (Omit<BySession<'priority_charging'>, 'name'> & { name: 'priority_charging' })
  | { name: 'transaction_status'; sessionId?: string }
  | { name: 'update_cost'; sessionId: string; totalMinor: number }
  | (Omit<Of<'set_profile'>, 'transaction'> & { sessionId?: string })
  | { name: 'show_message'; message: Omit<DisplayMessage, 'transaction'> & { sessionId?: string } }
  | (Omit<Of<'reserve'>, 'reservationId'> & { reservationId?: number })
  | FileCommandRequest
  | Unnumbered<'read_report'>
  | Unnumbered<'read_profiles'>
  | Unnumbered<'publish_firmware'>
  | Unnumbered<'read_monitors'>
  | Unnumbered<'customer_information'>
  | Unnumbered<'read_messages'>
  | Unnumbered<'read_der_controls'>
  | Unnumbered<'battery_swap'>

/** As the API takes it. */
export type CommandRequest = { ttlSeconds?: number } & (Special | Exclude<StationCommand, { name: Special['name'] }>)

export interface CommandRequestDeps extends ServiceDeps, Pick<RunningPriceDeps, 'engine'> {
  entropy(into: Uint8Array): void
  files: FilePorts
}

const secret = 'this is a secret of the station; a security change of the station brings it a new one'

export async function commandOf(
  deps: CommandRequestDeps,
  access: Access,
  stationId: string,
  { ttlSeconds: _, ...request }: CommandRequest,
): Promise<StationCommand | { refusal: Refusal }> {
  const wrong = (pointer: string, message: string) => ({ refusal: invalid(pointer, message) })
  if ('evse' in request && request.evse !== undefined && request.evse > 0) {
    if (!(await hasEvse(deps.db, access, stationId, request.evse)))
      return wrong('/evse', 'the station has no such EVSE')
  }
  const transaction = async (sessionId: string, pointer = '/sessionId') =>
    transactionOf(deps.db, access, stationId, sessionId, pointer)
  const requestId = newNumber(deps)
  switch (request.name) {
    case 'start':
      return { ...request, remoteStartId: requestId }
    case 'stop':
    case 'change_tariff':
    case 'allow_energy_transfer':
    case 'priority_charging': {
      const { sessionId, ...rest } = request
      const found = await transaction(sessionId)
      return 'refusal' in found ? found : ({ ...rest, transaction: found.transaction } as StationCommand)
    }
    case 'transaction_status': {
      if (request.sessionId === undefined) return { name: request.name }
      const found = await transaction(request.sessionId)
      return 'refusal' in found ? found : { name: request.name, transaction: found.transaction }
    }
    case 'update_cost': {
      const { sessionId } = request
      const found = await transactionOf(deps.db, access, stationId, sessionId, '/sessionId', 'ended too')
      if ('refusal' in found) return found
      const site = found.siteId === null ? undefined : await getRecord(deps.db, sites, access, found.siteId)
      if (site === undefined) return wrong('/sessionId', 'the session is at no site, so its currency is unknown')
      const totalCost = majorText(minor(request.totalMinor), site.currency)
      const { number } = found.transaction
      const place = { organizationId: access.organizationId, siteId: site.siteId, sessionId, currency: site.currency }
      const standing = number === undefined ? undefined : await costStanding(deps, { ...place, number })
      const command = { name: request.name, transaction: found.transaction, totalCost }
      return standing === undefined ? command : { ...command, standing }
    }
    case 'set_profile': {
      const { sessionId, ...rest } = request
      if (rest.profile.purpose !== 'transaction') {
        return sessionId === undefined
          ? rest
          : wrong('/sessionId', 'only a profile for one transaction names a session')
      }
      if (sessionId === undefined) return wrong('/sessionId', 'a profile for one transaction needs its session')
      const found = await transaction(sessionId)
      return 'refusal' in found ? found : { ...rest, evse: rest.evse ?? found.evse, transaction: found.transaction }
    }
    case 'show_message': {
      const { sessionId, ...message } = request.message
      if (sessionId === undefined) return { name: request.name, message }
      const found = await transaction(sessionId, '/message/sessionId')
      return 'refusal' in found
        ? found
        : { name: request.name, message: { ...message, transaction: found.transaction } }
    }
    case 'write_setting':
      return isSecretSetting(request.key) ? wrong('/key', secret) : request
    case 'write_settings': {
      const at = request.settings.findIndex(({ key }) => isSecretSetting(key))
      return at < 0 ? request : wrong(`/settings/${at}/key`, secret)
    }
    case 'limit':
      if ((request.amps === undefined) === (request.watts === undefined)) {
        return wrong(request.amps === undefined ? '/amps' : '/watts', 'name either amps or watts')
      }
      return request
    case 'reserve':
      return { ...request, reservationId: request.reservationId ?? requestId }
    case 'send_list': {
      const bare = request.entries.findIndex((entry) => entry.authorization === undefined)
      if (request.mode === 'full' && bare >= 0) {
        return wrong(`/entries/${bare}/authorization`, 'a full list has no token to remove')
      }
      return request
    }
    case 'customer_information': {
      const named = [request.customer, request.token, request.certificate].filter((each) => each !== undefined)
      if (named.length !== 1) return wrong('/customer', 'name one of customer, token and certificate')
      if (!request.report && !request.clear) return wrong('/report', 'ask for a report, for clearing, or for both')
      return { ...request, requestId }
    }
    case 'update_firmware':
    case 'get_log': {
      const prepare = prepareFileCommand({ ...deps, newRequestId: () => requestId })
      const prepared = await prepare(access, stationId, request)
      return 'kind' in prepared ? { refusal: prepared } : prepared
    }
    case 'read_report':
    case 'read_profiles':
    case 'publish_firmware':
    case 'read_monitors':
    case 'read_messages':
    case 'read_der_controls':
    case 'battery_swap':
      return { ...request, requestId }
    default:
      return request
  }
}

async function transactionOf(
  db: Db,
  access: Access,
  stationId: string,
  sessionId: string,
  pointer: string,
  which: 'open' | 'ended too' = 'open',
): Promise<{ transaction: TransactionRef; evse: number; siteId: string | null } | { refusal: Refusal }> {
  const session = await getRecord(db, chargingSessions, access, sessionId)
  if (session?.stationId !== stationId) return { refusal: invalid(pointer, 'no such session at this station') }
  const open = await openTransaction(db, access.organizationId, sessionId)
  const { evseNumber: evse, siteId } = session
  if (!open) {
    const number = which === 'open' ? undefined : await endedNumbered(db, access.organizationId, sessionId)
    if (number !== undefined) return { transaction: { number }, evse, siteId }
    return { refusal: { kind: 'conflict', message: 'The session has no transaction that is open.', pointer } }
  }
  const { number, ref } = open
  const transaction = { ...(number === null ? {} : { number }), ...(ref === null ? {} : { ref }) }
  return { transaction, evse, siteId }
}

async function hasEvse(db: Db, access: Access, stationId: string, number: number): Promise<boolean> {
  const { items } = await listRecords(db, evses, access, { stationId, limit: 200 })
  return items.some((evse) => evse.number === number)
}

/** 1 to 2^31 - 1: OCPP's integers are signed, and 0 means none to some stations. */
function newNumber({ entropy }: CommandRequestDeps): number {
  const bytes = new Uint8Array(4)
  entropy(bytes)
  return new DataView(bytes.buffer).getUint32(0) & 0x7fffffff || 1
}
