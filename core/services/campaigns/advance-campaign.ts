// Owns the campaign at work: what its stations have told is taken in, what comes next is planned and put in their queues.
// Must not be needed in order: every pass looks at everything that is known, so a lost or doubled wake-up changes nothing.
import { followUpdate } from '../../domain/follow-update.ts'
import { type CampaignAction, planCampaign } from '../../domain/plan-campaign.ts'
import {
  type Campaign,
  campaigns,
  campaignsOfStation,
  campaignViews,
  progressOf,
  setCampaignStation,
  updatesInWork,
} from '../../store/campaigns.ts'
import { appendEvents } from '../../store/event-log.ts'
import { type Db, getRecord, updateRecord } from '../../store/record-table.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import { type FileCommandDeps, type FirmwareRequest, prepareFileCommand } from '../manage/file-commands.ts'
import { advanceTimer } from './manage-campaigns.ts'

export interface CampaignDeps extends FileCommandDeps, QueueCommandDeps {}

/** Between two looks at a campaign that nothing else wakes: windows open, stations come back, cars leave. */
const lookEveryMs = 60_000
/** It goes to stations that are connected; what is not taken by then is tried again within the campaign's own window. */
const commandTtlMs = 120_000
/** A new wave, a skipped station: what follows from it is looked at in the same pass. */
const mostLooks = 1_000

/** Task `campaign.advance`. */
export function advanceCampaign(deps: CampaignDeps) {
  return async ({ organizationId, campaignId }: { organizationId: string; campaignId: string }): Promise<void> => {
    const woken = await transaction(deps.db, async (trx) => {
      const woken: string[] = []
      const inside: CampaignDeps = { ...deps, db: trx, wake: (stationId) => woken.push(stationId) }
      const campaign = await getRecord(trx, campaigns, accessOf(organizationId), campaignId, 'lock')
      if (campaign === undefined) return woken
      await takeIn(inside, organizationId, campaign)
      if (campaign.state === 'running') await proceed(inside, organizationId, campaign)
      await lookAgain(inside, organizationId, campaignId)
      return woken
    })
    for (const stationId of woken) deps.wake(stationId)
  }
}

/** Task `campaign.follow`: a station told something that may be about its update. */
export function followCampaigns(deps: CampaignDeps) {
  const advance = advanceCampaign(deps)
  return async ({ organizationId, stationId }: { organizationId: string; stationId: string }): Promise<void> => {
    for (const campaignId of await campaignsOfStation(deps.db, organizationId, stationId)) {
      await advance({ organizationId, campaignId })
    }
  }
}

function accessOf(organizationId: string) {
  return { organizationId, siteIds: null, actor: 'hub', requestId: 'campaign' }
}

async function takeIn(deps: CampaignDeps, organizationId: string, campaign: Campaign): Promise<void> {
  const { campaignId, firmwareVersion: wanted } = campaign
  for (const one of await updatesInWork(deps.db, organizationId, campaignId)) {
    const { commandState, outcome, reason, statuses, firmware, before, stationId } = one
    const command = { state: commandState ?? 'failed', outcome, reason }
    const next = followUpdate({ command, statuses, firmware, wanted, before })
    if (next.state === one.state) continue
    if (next.state === 'failed') await failed(deps, organizationId, campaign, one, next.reason ?? '')
    else {
      const of = { organizationId, campaignId, stationId }
      await setCampaignStation(deps.db, of, { state: next.state, reason: null, at: deps.clock.now() })
    }
  }
}

/** One attempt has failed: there may be another, while the campaign goes on. */
async function failed(
  deps: CampaignDeps,
  organizationId: string,
  campaign: Campaign,
  station: { stationId: string; attempts: number },
  reason: string,
): Promise<void> {
  const now = deps.clock.now()
  const again = station.attempts < campaign.maxAttempts && campaign.state !== 'cancelled'
  const of = { organizationId, campaignId: campaign.campaignId, stationId: station.stationId }
  await setCampaignStation(deps.db, of, {
    state: again ? 'waiting' : 'failed',
    reason,
    at: now,
    next_at: again ? new Date(now.getTime() + campaign.retryMinutes * 60_000) : null,
  })
}

async function proceed(deps: CampaignDeps, organizationId: string, before: Campaign): Promise<void> {
  let campaign = before
  for (let look = 0; look < mostLooks; look++) {
    const views = await campaignViews(deps.db, organizationId, campaign.campaignId)
    const actions = planCampaign(campaign, views, deps.clock.now())
    for (const action of actions) {
      const attempts = 'stationId' in action ? views.find((one) => one.stationId === action.stationId)?.attempts : 0
      campaign = await act(deps, organizationId, campaign, action, attempts ?? 0)
    }
    if (campaign.state !== 'running' || actions.every((action) => action.kind === 'queue')) return
  }
}

async function act(
  deps: CampaignDeps,
  organizationId: string,
  campaign: Campaign,
  action: CampaignAction,
  attempts: number,
): Promise<Campaign> {
  const now = deps.clock.now()
  const change = (columns: Record<string, unknown>) =>
    updateRecord(deps.db, campaigns, organizationId, campaign.campaignId, { ...columns, updated_at: now })
  switch (action.kind) {
    case 'queue':
      await queue(deps, organizationId, campaign, action.stationId, attempts)
      return campaign
    case 'fail':
      await failed(deps, organizationId, campaign, { stationId: action.stationId, attempts }, action.reason)
      return campaign
    case 'skip': {
      const of = { organizationId, campaignId: campaign.campaignId, stationId: action.stationId }
      await setCampaignStation(deps.db, of, { state: 'skipped', reason: action.reason, at: now, next_at: null })
      return campaign
    }
    case 'wave':
      return change({ wave: action.wave, wave_at: now })
    case 'stop':
      await tell(deps, organizationId, campaign, 'campaign.stopped', { reason: action.reason })
      return change({ state: 'stopped', reason: action.reason, ended_at: now })
    case 'finish': {
      const progress = (await progressOf(deps.db, organizationId, [campaign.campaignId])).get(campaign.campaignId)
      const { installed = 0, failed = 0, skipped = 0 } = progress ?? {}
      await tell(deps, organizationId, campaign, 'campaign.finished', { installed, failed, skipped })
      return change({ state: 'finished', reason: null, ended_at: now })
    }
  }
}

async function queue(
  deps: CampaignDeps,
  organizationId: string,
  campaign: Campaign,
  stationId: string,
  attempts: number,
): Promise<void> {
  const of = { organizationId, campaignId: campaign.campaignId, stationId }
  const now = deps.clock.now()
  const access = accessOf(organizationId)
  const { signature, signingCertificate } = campaign
  const signed = signature === null || signingCertificate === null ? {} : { signature, signingCertificate }
  const request = { name: 'update_firmware', ...signed, ...source(campaign) } as FirmwareRequest
  const command = await prepareFileCommand(deps)(access, stationId, request)
  const queued =
    'kind' in command
      ? null
      : await queueCommand(deps)({
          organizationId,
          stationId,
          command,
          requestedBy: access.actor,
          ttlMs: commandTtlMs,
        })
  if (queued?.kind === 'queued') {
    await setCampaignStation(deps.db, of, {
      state: 'queued',
      command_id: queued.command.command_id,
      attempts: attempts + 1,
      reason: null,
      at: now,
      next_at: null,
    })
    return
  }
  const reason =
    queued === null
      ? 'The firmware file is not there any more.'
      : queued.kind === 'vetoed'
        ? queued.reason
        : 'The station is archived.'
  if (queued?.kind === 'no_such_station') {
    await setCampaignStation(deps.db, of, { state: 'skipped', reason, at: now })
    return
  }
  await setCampaignStation(deps.db, of, { attempts: attempts + 1 })
  await failed(deps, organizationId, campaign, { stationId, attempts: attempts + 1 }, reason)
}

function source({ fileId, url }: Campaign): { fileId: string } | { url: string } {
  if (fileId !== null) return { fileId }
  return { url: url ?? '' }
}

type Telling =
  | ['campaign.stopped', { reason: string }]
  | ['campaign.finished', { installed: number; failed: number; skipped: number }]

async function tell(
  deps: CampaignDeps,
  organizationId: string,
  { campaignId, siteId, name }: Campaign,
  ...[type, data]: Telling
): Promise<void> {
  const now = deps.clock.now()
  const base = {
    id: deps.newId(),
    organizationId,
    siteId,
    subject: { type: 'firmware_campaign', id: campaignId },
    occurredAt: now,
    recordedAt: now,
  }
  await appendEvents(deps.db, [
    type === 'campaign.stopped'
      ? { ...base, type, data: { campaignId, name, ...data } }
      : { ...base, type, data: { campaignId, name, ...data } },
  ])
}

/** While it runs, and until the last update in work has come to an end. */
async function lookAgain(deps: CampaignDeps, organizationId: string, campaignId: string): Promise<void> {
  const campaign = await getRecord(deps.db as Db, campaigns, accessOf(organizationId), campaignId)
  if (campaign === undefined) return
  const working = await updatesInWork(deps.db, organizationId, campaignId)
  if (campaign.state !== 'running' && working.length === 0) return
  const next = new Date(deps.clock.now().getTime() + lookEveryMs)
  await setTimer(deps.db, advanceTimer(organizationId, campaign, next))
}
