// Owns what a station's update has come to, from everything that is known of it, in whatever order it was heard.
// Must not touch anything.
import type { CampaignStationState } from './plan-campaign.ts'

export interface UpdateFacts {
  command: { state: string; outcome: string | null; reason: string | null }
  /** `status` words of the firmware notices that belong to the command, in any order. */
  statuses: readonly string[]
  /** What the station told at its latest boot, and before the update. */
  firmware: string | null
  wanted: string
  before: string | null
}

export interface UpdateState {
  state: Extract<CampaignStationState, 'queued' | 'downloading' | 'installing' | 'installed' | 'failed'>
  reason: string | null
}

/** How far each word says that it is (OCPP 2.0.1 FirmwareStatusEnumType; 1.6 has some of them). */
const reached: Readonly<Record<string, UpdateState['state']>> = {
  download_scheduled: 'downloading',
  downloading: 'downloading',
  download_paused: 'downloading',
  downloaded: 'downloading',
  signature_verified: 'downloading',
  install_scheduled: 'installing',
  installing: 'installing',
  install_rebooting: 'installing',
  installed: 'installed',
  download_failed: 'failed',
  installation_failed: 'failed',
  install_verification_failed: 'failed',
  invalid_signature: 'failed',
}
/** What is known for sure wins over what was on the way; a success over a failure that was mended since. */
const rank: readonly UpdateState['state'][] = ['queued', 'downloading', 'installing', 'failed', 'installed']

const lostStates = ['timed_out', 'expired', 'cancelled', 'superseded', 'failed']
const lostOutcomes = ['refused', 'failed', 'incomplete', 'unknown']

export function followUpdate({ command, statuses, firmware, wanted, before }: UpdateFacts): UpdateState {
  // The boot decides: a station that runs the version has it, whatever word was lost.
  if (firmware === wanted && before !== wanted) return { state: 'installed', reason: null }
  const heard = statuses.flatMap((status) => {
    const state = reached[status]
    return state === undefined ? [] : [{ state, status }]
  })
  if (command.outcome === 'completed') heard.push({ state: 'installed', status: 'installed' })
  const best = heard.reduce<{ state: UpdateState['state']; status: string } | null>(
    (max, one) => (max === null || rank.indexOf(one.state) > rank.indexOf(max.state) ? one : max),
    null,
  )
  if (best?.state === 'installed') return { state: 'installed', reason: null }
  const failed = heard
    .filter((one) => one.state === 'failed')
    .map((one) => one.status)
    .sort()[0]
  if (failed !== undefined) return { state: 'failed', reason: `The station reported ${failed.replaceAll('_', ' ')}.` }
  if (lostStates.includes(command.state) || lostOutcomes.includes(command.outcome ?? '')) {
    return { state: 'failed', reason: command.reason ?? 'The station did not take the update.' }
  }
  return { state: best?.state ?? 'queued', reason: null }
}
