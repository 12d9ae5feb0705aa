// Owns firmware campaigns as operators plan and steer them: drafts, start, pause, resume, cancel.
// Must not send anything; advance-campaign.ts does.
import type { CampaignSchedule, Wave } from '../../domain/plan-campaign.ts'
import { waveSizes } from '../../domain/plan-campaign.ts'
import {
  type Campaign,
  type CampaignState,
  type CampaignStation,
  type CampaignTarget,
  campaignStations,
  campaigns,
  firmwareHistory,
  progressOf,
  targetStations,
} from '../../store/campaigns.ts'
import { appendEvents } from '../../store/event-log.ts'
import { stationFiles } from '../../store/files.ts'
import type { Page } from '../../store/keyset.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { stations } from '../../store/stations.ts'
import { setTimer } from '../../store/timers.ts'
import { type Change, columns, columnsOf, type Making, manage, type RecordRules } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface CampaignFields {
  name: string
  fileId?: string | null
  url?: string | null
  firmwareVersion: string
  signingCertificate?: string | null
  signature?: string | null
  target?: CampaignTarget
  waves?: Wave[]
  schedule?: CampaignSchedule | null
  onlyWhenIdle?: boolean
  maxFailures?: number | null
  failurePercent?: number | null
  maxAttempts?: number
  retryMinutes?: number
  offlineHours?: number
}
export type CampaignPatch = Partial<CampaignFields>

const usual = {
  target: {},
  waves: [],
  schedule: null,
  onlyWhenIdle: true,
  maxFailures: null,
  failurePercent: null,
  maxAttempts: 2,
  retryMinutes: 60,
  offlineHours: 72,
} as const

type Fields = Pick<Campaign, 'fileId' | 'url' | 'signature' | 'signingCertificate' | 'schedule' | 'target'>

async function wrong({ trx, access }: Making, fields: Fields): Promise<Refusal | undefined> {
  if ((fields.fileId === null) === (fields.url === null)) return invalid('/fileId', 'give either fileId or url')
  if ((fields.signature === null) !== (fields.signingCertificate === null)) {
    return invalid('/signature', 'a signature and its signing certificate belong together')
  }
  const { firstDay, lastDay } = fields.schedule ?? {}
  if (firstDay !== undefined && lastDay !== undefined && lastDay < firstDay) {
    return invalid('/schedule/lastDay', 'is before firstDay')
  }
  const { siteIds = [] } = fields.target
  if (access.siteIds !== null && siteIds.length !== 1) {
    return invalid('/target/siteIds', 'a key limited to sites has to name one site')
  }
  return broken(trx, access, [
    {
      pointer: '/fileId',
      table: stationFiles,
      id: fields.fileId,
      fits: (file) => (file.kind === 'firmware' ? null : 'this file is no firmware'),
    },
    ...siteIds.map((id, i) => theSite(id, `/target/siteIds/${i}`)),
  ])
}

function siteOf(target: CampaignTarget): string | null {
  const [only, ...more] = target.siteIds ?? []
  return more.length === 0 ? (only ?? null) : null
}

/** What may be changed while it is paused or stopped. */
const changeable: readonly string[] = [
  'schedule',
  'onlyWhenIdle',
  'maxFailures',
  'failurePercent',
  'maxAttempts',
  'retryMinutes',
  'offlineHours',
] satisfies (keyof CampaignFields)[]

const rules: RecordRules<Campaign, CampaignFields, CampaignPatch> = {
  table: campaigns,
  idOf: (campaign) => campaign.campaignId,
  siteOf: (campaign) => campaign.siteId,
  async create(making, input) {
    const fields = { fileId: null, url: null, signature: null, signingCertificate: null, ...usual, ...input }
    const refusal = await wrong(making, fields)
    return refusal ?? columns({ ...columnsOf(campaigns, fields), site_id: siteOf(fields.target), state: 'draft' })
  },
  async update(making, before, input) {
    const halted = before.state === 'paused' || before.state === 'stopped'
    const fixed = Object.keys(input).find((field) => !(halted && changeable.includes(field)))
    if (before.state !== 'draft' && fixed !== undefined) {
      const message = `This is not changed any more in a campaign that is ${before.state}.`
      return { kind: 'conflict', message, pointer: `/${fixed}` }
    }
    const fields = { ...before, ...input }
    const refusal = await wrong(making, fields)
    return refusal ?? columns({ ...columnsOf(campaigns, input), site_id: siteOf(fields.target) })
  },
  async changed(_making, before, after) {
    if (after.archivedAt !== null && before !== null && (after.state === 'running' || after.state === 'paused')) {
      return { kind: 'conflict', message: 'Cancel the campaign first.' }
    }
    return undefined
  },
}

export const manageCampaigns = manage(rules)

/** State × what an operator says → state; anything else is a conflict. */
export const campaignSteps = {
  start: { draft: 'running' },
  pause: { running: 'paused' },
  resume: { paused: 'running', stopped: 'running' },
  cancel: { draft: 'cancelled', running: 'cancelled', paused: 'cancelled', stopped: 'cancelled' },
} as const satisfies Record<string, Partial<Record<CampaignState, CampaignState>>>
export type CampaignStep = keyof typeof campaignSteps

const past = { start: 'started', pause: 'paused', resume: 'resumed', cancel: 'cancelled' } as const

export function stepCampaign(deps: ServiceDeps) {
  return (access: Access, campaignId: string, step: CampaignStep): Promise<Outcome<Campaign>> => {
    const steps: Partial<Record<CampaignState, CampaignState>> = campaignSteps[step]
    const stepping = manage<Campaign, never, Record<string, never>>({
      ...(rules as unknown as RecordRules<Campaign, never, Record<string, never>>),
      updates: past[step],
      async update(making, before): Promise<Change> {
        const state = steps[before.state]
        if (state === undefined || before.archivedAt !== null) {
          return { kind: 'conflict', message: `The campaign is ${before.state}.` }
        }
        if (step === 'start') return begin(making, before)
        if (step === 'cancel') {
          await leaveWaiting(making, before)
          return columns({ state, ended_at: making.now, reason: `Cancelled by ${access.actor}.` })
        }
        // One that stopped stops again at its next look, unless more failures are borne now.
        return columns({ state, reason: null, ended_at: null })
      },
      async changed({ trx, now }, _before, after) {
        if (after.state !== 'running') return undefined
        await setTimer(trx, advanceTimer(access.organizationId, after, now))
        return undefined
      },
    })
    return stepping(deps).update(access, campaignId, {})
  }
}

export function advanceTimer(
  organizationId: string,
  { campaignId, siteId }: Pick<Campaign, 'campaignId' | 'siteId'>,
  dueAt: Date,
) {
  return {
    organizationId,
    siteId,
    kind: 'campaign.advance',
    key: campaignId,
    dueAt,
    data: { organizationId, campaignId },
  }
}

/** The stations that the filter finds now are the campaign's; what is added later is not. */
async function begin({ trx, access, now, newId }: Making, campaign: Campaign): Promise<Change> {
  const { organizationId } = access
  const { campaignId, firmwareVersion } = campaign
  const all = await targetStations(trx, organizationId, campaign.target)
  if (all.length === 0) return { kind: 'conflict', message: 'No station fits the target.', pointer: '/target' }
  const due = all.filter((one) => one.firmware !== firmwareVersion)
  const waveOf = waveSizes(campaign.waves, due.length).flatMap((size, wave) => Array.from({ length: size }, () => wave))
  const row = (one: (typeof all)[number], place: number) => ({
    organization_id: organizationId,
    site_id: one.site_id,
    campaign_id: campaignId,
    station_id: one.station_id,
    place,
    from_firmware: one.firmware,
    to_firmware: firmwareVersion,
    at: now,
  })
  const rows = [
    ...due.map((one, i) => ({ ...row(one, i), wave: waveOf[i] ?? 0, state: 'waiting', reason: null })),
    ...all
      .filter((one) => one.firmware === firmwareVersion)
      .map((one, i) => ({
        ...row(one, due.length + i),
        wave: 0,
        state: 'skipped',
        reason: 'It has this version already.',
      })),
  ]
  for (let i = 0; i < rows.length; i += 1000) {
    await trx
      .insertInto('firmware_campaign_station')
      .values(rows.slice(i, i + 1000))
      .execute()
  }
  await appendEvents(trx, [
    {
      id: newId(),
      type: 'campaign.started',
      organizationId,
      siteId: campaign.siteId,
      subject: { type: 'firmware_campaign', id: campaignId },
      occurredAt: now,
      recordedAt: now,
      data: { campaignId, name: campaign.name, stations: all.length },
    },
  ])
  return columns({ state: 'running', started_at: now })
}

async function leaveWaiting({ trx, access, now }: Making, { campaignId }: Campaign): Promise<void> {
  await trx
    .updateTable('firmware_campaign_station')
    .set({ state: 'skipped', reason: 'The campaign was cancelled.', at: now })
    .where('organization_id', '=', access.organizationId)
    .where('campaign_id', '=', campaignId)
    .where('state', '=', 'waiting')
    .execute()
}

export function withProgress(deps: Pick<ServiceDeps, 'db'>) {
  return async <C extends { campaignId: string }>(access: Access, list: readonly C[]) => {
    const found = await progressOf(
      deps.db,
      access.organizationId,
      list.map((one) => one.campaignId),
    )
    return list.map((one) => {
      const progress = found.get(one.campaignId)
      if (progress === undefined) throw new Error('a campaign without progress')
      return { ...one, progress }
    })
  }
}

export function listCampaignStations({ db }: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, campaignId: string, query: ListQuery): Promise<Outcome<Page<CampaignStation>>> => {
    const campaign = await getRecord(db, campaigns, access, campaignId)
    return campaign ? ok(await listRecords(db, campaignStations, access, { ...query, campaignId })) : notFound
  }
}

export function listFirmwareHistory({ db }: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, stationId: string, query: ListQuery) => {
    const station = await getRecord(db, stations, access, stationId)
    return station ? ok(await listRecords(db, firmwareHistory, access, { ...query, stationId })) : notFound
  }
}
