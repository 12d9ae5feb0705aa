// Owns bringing a new password or another security profile to a station: the steps, the row that follows them, and their start.
// Must not make the new one the only good one: the station has to come with it first (security-arrived.ts).
import type { StationCommand } from '../../domain/station-command.ts'
import { appendAudit } from '../../store/audit.ts'
import {
  type SecurityChange,
  type SecurityChangeRow,
  securityChanges,
  stationCertificates,
} from '../../store/certificates.ts'
import { appendEvents } from '../../store/event-log.ts'
import { jsonText } from '../../store/json-text.ts'
import { type Db, getRecord, listRecords } from '../../store/record-table.ts'
import { openSockets, type Station, stations } from '../../store/stations.ts'
import { queueCommand } from '../charger/queue-command.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { securityNews } from './security-news.ts'

export interface SecurityChangeDeps extends CertificateDeps {
  newSecret(): string
  hashSecret(secret: Uint8Array): Buffer
}

export type SecurityChangeRequest =
  | { kind: 'password' }
  | {
      kind: 'profile'
      profile: 0 | 1 | 2 | 3
      /** Without it a lower profile is refused. */
      allowLower?: boolean
      /** 2.x: which of the station's network configurations is written. */
      slot?: number
      /** Where the station is to dial in; the hub's own address when left out. */
      url?: string
    }

/** Stands in a stored command where the secret goes when it is sent. */
export const secretPlaceholder = '[the new password]'

/** A station that is away for days still gets it. */
const deliveryMs = 7 * 86_400_000
/** The standard says nothing; charging over a mobile network answers within this. */
const messageTimeoutSeconds = 30

export function changeSecurity(deps: SecurityChangeDeps) {
  return (access: Access, stationId: string, request: SecurityChangeRequest): Promise<Outcome<SecurityChange>> =>
    refusable(deps, async (trx) => {
      const station = await getRecord(trx, stations, access, stationId, 'lock')
      if (!station || station.archivedAt) return notFound
      if (station.admission !== 'accepted') return { kind: 'conflict', message: 'The station has not been accepted.' }
      const { items } = await listRecords(trx, securityChanges, access, { stationId, limit: 5 })
      if (items.some(({ state }) => state === 'requested' || state === 'sent')) {
        return { kind: 'conflict', message: 'Another change of this station is under way; cancel it first.' }
      }
      const version = await protocolOf(trx, access, station)
      if (version === null) {
        return {
          kind: 'conflict',
          message: 'The station has never been connected and has no default protocol, so nobody knows what to send it.',
        }
      }
      const wrong = request.kind === 'profile' ? await unfit(deps, trx, access, station, request) : null
      if (wrong !== null) return wrong
      return ok(await begin({ ...deps, db: trx }, access, station, request, version))
    })
}

async function protocolOf(trx: Db, access: Access, station: Station): Promise<string | null> {
  const socket = (await openSockets(trx, access.organizationId, [station.stationId])).get(station.stationId)
  if (socket?.protocol) return socket.protocol
  const last = await trx
    .selectFrom('station_link')
    .select('protocol')
    .where('organization_id', '=', access.organizationId)
    .where('station_id', '=', station.stationId)
    .executeTakeFirst()
  return last?.protocol ?? station.defaultProtocol
}

async function unfit(
  deps: SecurityChangeDeps,
  trx: Db,
  access: Access,
  station: Station,
  request: Extract<SecurityChangeRequest, { kind: 'profile' }>,
): Promise<Refusal | null> {
  const { profile, allowLower = false, url } = request
  if (profile === station.securityProfile) return invalid('/profile', 'the station has this profile already')
  if (profile < station.securityProfile && !allowLower) {
    return invalid(
      '/allowLower',
      `lowers the profile from ${station.securityProfile} to ${profile}; say true if it is meant`,
    )
  }
  const address = url ?? addressOf(deps.publicUrl)
  if (profile >= 2 && !address.startsWith('wss://')) {
    return invalid('/url', `profile ${profile} needs an address that begins with wss://`)
  }
  if ((profile === 1 || profile === 2) && !station.hasSecret) {
    return {
      kind: 'conflict',
      message: `Profile ${profile} needs a password, and the station has none yet.`,
      pointer: '/profile',
    }
  }
  if (profile === 3) {
    const { items } = await listRecords(trx, stationCertificates, access, { stationId: station.stationId, limit: 200 })
    const now = deps.clock.now()
    const live = items.some(
      ({ state, notAfter }) => (state === 'issued' || state === 'installed') && notAfter !== null && notAfter > now,
    )
    if (!live) {
      const message = 'Profile 3 needs a certificate of this station, and it has none yet: have it ask for one first.'
      return { kind: 'conflict', message, pointer: '/profile' }
    }
  }
  return null
}

function addressOf(publicUrl: string): string {
  return `${publicUrl.replace(/^http/, 'ws').replace(/\/$/, '')}/ocpp`
}

/** What to tell the station, in order (2.0.1 A01 and A05; 1.6 security whitepaper A01 and A05). */
function stepsOf(
  deps: SecurityChangeDeps,
  request: SecurityChangeRequest,
  version: string,
  from: number,
): StationCommand[] {
  const old = version === 'ocpp1.6'
  if (request.kind === 'password') {
    const key = old ? 'AuthorizationKey' : 'SecurityCtrlr.BasicAuthPassword'
    return [{ name: 'write_setting', key, value: secretPlaceholder }]
  }
  const { profile, slot = 1, url = addressOf(deps.publicUrl) } = request
  if (old) {
    const write: StationCommand = { name: 'write_setting', key: 'SecurityProfile', value: String(profile) }
    // A 1.6 station dials the same address under a higher profile by itself; to come back down it has to start anew.
    return profile < from ? [write, { name: 'reset', mode: 'on_idle' }] : [write]
  }
  return [
    {
      name: 'set_network_profile',
      slot,
      profile: {
        url,
        interface: 'wired0',
        version: version === 'ocpp2.1' ? 'ocpp2.1' : 'ocpp2.0.1',
        messageTimeoutSeconds,
        securityProfile: profile,
      },
    },
    { name: 'write_setting', key: 'OCPPCommCtrlr.NetworkConfigurationPriority', value: String(slot) },
    { name: 'reset', mode: 'on_idle' },
  ]
}

async function begin(
  deps: SecurityChangeDeps,
  access: Access,
  station: Station,
  request: SecurityChangeRequest,
  version: string,
): Promise<SecurityChange> {
  const { organizationId } = access
  const now = deps.clock.now()
  const changeId = deps.newId()
  const toProfile = request.kind === 'profile' ? request.profile : station.securityProfile
  const secret = request.kind === 'password' ? deps.newSecret() : null
  const row = await deps.db
    .insertInto('station_security_change')
    .values({
      organization_id: organizationId,
      site_id: station.siteId,
      change_id: changeId,
      station_id: station.stationId,
      kind: request.kind,
      state: 'requested',
      from_profile: station.securityProfile,
      to_profile: toProfile,
      steps: jsonText(stepsOf(deps, request, version, station.securityProfile)),
      sealed_secret: secret === null ? null : deps.box.seal(organizationId, changeId, secret),
      requested_by: access.actor,
      created_at: now,
      updated_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await deps.db
    .updateTable('station')
    .set(
      secret === null ? { pending_profile: toProfile } : { pending_secret_hash: deps.hashSecret(Buffer.from(secret)) },
    )
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', station.stationId)
    .execute()
  const begun = await sendStep(deps, row)
  await appendEvents(deps.db, [securityNews(deps.newId, begun, now)])
  await appendAudit(deps.db, organizationId, {
    auditId: deps.newId(),
    siteId: station.siteId,
    at: now,
    actor: access.actor,
    action: 'station.security_change_requested',
    subjectType: 'station',
    subjectId: station.stationId,
    before: { securityProfile: station.securityProfile },
    after: { changeId, kind: request.kind, securityProfile: toProfile },
    requestId: access.requestId,
  })
  const made = await getRecord(deps.db, securityChanges, access, changeId)
  if (!made) throw new Error('the change that was written is not there')
  return made
}

/** Queues the command of the row's step, in the caller's transaction. */
export async function sendStep(deps: CertificateDeps, row: SecurityChangeRow): Promise<SecurityChangeRow> {
  const step = (row.steps as StationCommand[])[row.step]
  if (step === undefined) throw new Error(`change ${row.change_id} has no step ${row.step}`)
  const queued = await queueCommand(deps)({
    organizationId: row.organization_id,
    stationId: row.station_id,
    command: step,
    requestedBy: 'hub',
    ttlMs: deliveryMs,
  })
  if (queued.kind !== 'queued') throw new Error(`a step of a security change was not queued: ${queued.kind}`)
  return deps.db
    .updateTable('station_security_change')
    .set({ command_id: queued.command.command_id, updated_at: deps.clock.now() })
    .where('organization_id', '=', row.organization_id)
    .where('change_id', '=', row.change_id)
    .returningAll()
    .executeTakeFirstOrThrow()
}
