// Owns what a firmware campaign does next: which stations may begin now, which are given up, when it stops or is through.
// Must not touch anything: what is known goes in, actions come out.
import { type LocalWindow, localDate, type Weekday, windowAt } from './local-time.ts'

export type CampaignStationState =
  | 'waiting'
  | 'queued'
  | 'downloading'
  | 'installing'
  | 'installed'
  | 'failed'
  | 'skipped'

/** A share of all stations of the campaign, rounded up, or a number of them. */
export type Wave = { percent: number } | { count: number }

/** On the wall clock of each station's site. */
export interface CampaignSchedule {
  /** "HH:MM"; `to` at or before `from` runs into the next day. */
  from?: string
  to?: string
  days?: Weekday[]
  /** First and last local day, both included; a night that begins on the last day is not cut at midnight. */
  firstDay?: string
  lastDay?: string
}

export interface CampaignRules {
  schedule: CampaignSchedule | null
  onlyWhenIdle: boolean
  /** Failures that are borne; one more stops the campaign. Null: any number. */
  maxFailures: number | null
  /** Share of the stations of the waves begun so far that may fail. */
  failurePercent: number | null
  maxAttempts: number
  /** How long a station that could not be reached keeps its wave waiting. */
  offlineHours: number
}

export interface CampaignView extends CampaignRules {
  /** The wave that is in work; the first is 0. */
  wave: number
  /** Since when; null before the first look. */
  waveAt: Date | null
}

export interface CampaignStationView {
  stationId: string
  wave: number
  state: CampaignStationState
  attempts: number
  /** Since when it has this state. */
  at: Date
  /** Before this it is not tried again. */
  nextAt: Date | null
  /** A transaction is open. */
  busy: boolean
  connected: boolean
  /** Another campaign has it in work. */
  elsewhere: boolean
  zone: string
}

export type CampaignAction =
  | { kind: 'queue'; stationId: string }
  | { kind: 'fail'; stationId: string; reason: string }
  | { kind: 'skip'; stationId: string; reason: string }
  | { kind: 'wave'; wave: number }
  | { kind: 'stop'; reason: string }
  | { kind: 'finish' }

const ended: readonly CampaignStationState[] = ['installed', 'failed', 'skipped']
const inWork: readonly CampaignStationState[] = ['queued', 'downloading', 'installing']
const hour = 3_600_000
/** Longer than the hub waits for the station's own word on an update (24 h). */
const silentMs = 36 * hour

/** How many stations each wave has; the stations that the waves leave over are one more. */
export function waveSizes(waves: readonly Wave[], total: number): number[] {
  const sizes: number[] = []
  let left = total
  for (const wave of waves) {
    const wanted = 'count' in wave ? wave.count : Math.ceil((wave.percent * total) / 100)
    const size = Math.min(left, Math.max(1, wanted))
    if (size > 0) sizes.push(size)
    left -= size
  }
  return left > 0 ? [...sizes, left] : sizes
}

export function planCampaign(
  campaign: CampaignView,
  stations: readonly CampaignStationView[],
  now: Date,
): CampaignAction[] {
  const lost = stations
    .filter((one) => inWork.includes(one.state) && now.getTime() - one.at.getTime() > silentMs)
    .map((one) => ({ kind: 'fail' as const, stationId: one.stationId, reason: 'Nothing was heard of the update.' }))
  if (lost.length > 0) return lost
  const stop = tooManyFailures(campaign, stations)
  if (stop !== null) return [{ kind: 'stop', reason: stop }]
  const open = stations.filter((one) => !ended.includes(one.state))
  if (open.length === 0) return [{ kind: 'finish' }]
  const wave = Math.min(...open.map((one) => one.wave))
  // The look at a new wave is the next one: what it may do depends on when it began.
  if (wave !== campaign.wave || campaign.waveAt === null) return [{ kind: 'wave', wave }]
  const waveAt = campaign.waveAt
  return open.flatMap((one): CampaignAction[] => {
    if (one.wave !== wave || one.state !== 'waiting' || one.elsewhere) return []
    const place = placeInSchedule(campaign.schedule, one.zone, now)
    if (place === 'over') {
      return [{ kind: 'skip', stationId: one.stationId, reason: 'The time of the campaign was over.' }]
    }
    if (one.nextAt !== null && one.nextAt > now) return []
    if (!one.connected) {
      if (now.getTime() - waveAt.getTime() <= campaign.offlineHours * hour) return []
      return [{ kind: 'skip', stationId: one.stationId, reason: 'The station was not connected.' }]
    }
    if (place === 'closed' || (campaign.onlyWhenIdle && one.busy)) return []
    return [{ kind: 'queue', stationId: one.stationId }]
  })
}

function tooManyFailures(campaign: CampaignView, stations: readonly CampaignStationView[]): string | null {
  const failed = stations.filter((one) => one.state === 'failed').length
  const { maxFailures, failurePercent } = campaign
  if (maxFailures !== null && failed > maxFailures) {
    return `${failed} ${failed === 1 ? 'station' : 'stations'} failed; at most ${maxFailures} may.`
  }
  const begun = stations.filter((one) => one.wave <= campaign.wave).length
  if (failurePercent !== null && failed * 100 > failurePercent * begun) {
    return `${failed} of ${begun} stations failed; at most ${failurePercent} percent may.`
  }
  return null
}

/** Whether an update may begin now, later, or never again. */
export function placeInSchedule(
  schedule: CampaignSchedule | null,
  zone: string,
  now: Date,
): 'open' | 'closed' | 'over' {
  if (schedule === null) return 'open'
  const { from = '00:00', to = '24:00', days, firstDay, lastDay } = schedule
  const window: LocalWindow = { from, to, ...(days === undefined ? {} : { days }) }
  const overnight = to <= from
  const today = localDate(now, zone)
  const inside = windowAt(now.getTime(), zone, [window]) === 0
  // After midnight the night still belongs to the day that it began on.
  const begun = inside && overnight && wallTime(now, zone) < from ? dayBefore(today) : today
  if (lastDay !== undefined && begun > lastDay) return 'over'
  if (!inside || (firstDay !== undefined && begun < firstDay)) return 'closed'
  return 'open'
}

function wallTime(at: Date, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at)
}

function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 24 * hour).toISOString().slice(0, 10)
}
