// Owns the operations on firmware campaigns and the firmware history of a station.
// Must not hold rules; core/services/campaigns does.
import {
  type CampaignFields,
  type CampaignPatch,
  type CampaignStep,
  listCampaignStations,
  listFirmwareHistory,
  manageCampaigns,
  stepCampaign,
  withProgress,
} from '../../services/campaigns/manage-campaigns.ts'
import type { Campaign } from '../../services/manage/records.ts'
import { csvStream } from '../csv.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, mapped } from '../replies.ts'

type Ids =
  | 'listCampaigns'
  | 'createCampaign'
  | 'getCampaign'
  | 'updateCampaign'
  | 'archiveCampaign'
  | 'startCampaign'
  | 'pauseCampaign'
  | 'resumeCampaign'
  | 'cancelCampaign'
  | 'listCampaignStations'
  | 'exportCampaignStations'
  | 'listFirmwareHistory'

const counted =
  ({ deps, access }: CallContext) =>
  async (campaign: Campaign) => {
    const [shown] = await withProgress(deps)(access, [campaign])
    if (shown === undefined) throw new Error('a campaign without progress')
    return shown
  }

const stepped = async (step: CampaignStep, campaignId: string, context: CallContext) =>
  found(await mapped(stepCampaign(context.deps)(context.access, campaignId, step), counted(context)))

const csvColumns = [
  'code',
  'stationId',
  'wave',
  'state',
  'attempts',
  'fromFirmware',
  'toFirmware',
  'reason',
  'at',
] as const

export const campaigns: Part<Ids> = {
  async listCampaigns({ query }, { deps, access }) {
    const page = await manageCampaigns(deps).list(access, listQuery(query))
    return listed({ ...page, items: await withProgress(deps)(access, page.items) })
  },
  createCampaign: async ({ body }, context) =>
    made(
      await mapped(manageCampaigns(context.deps).create(context.access, body as CampaignFields), counted(context)),
      (campaign) => `/campaigns/${campaign.campaignId}`,
    ),
  getCampaign: async ({ path }, context) =>
    found(await mapped(manageCampaigns(context.deps).get(context.access, path.campaignId), counted(context))),
  updateCampaign: async ({ path, body, version }, context) =>
    found(
      await mapped(
        manageCampaigns(context.deps).update(context.access, path.campaignId, body as CampaignPatch, version),
        counted(context),
      ),
    ),
  archiveCampaign: async ({ path, version }, { deps, access }) =>
    done(await manageCampaigns(deps).archive(access, path.campaignId, version)),
  startCampaign: ({ path }, context) => stepped('start', path.campaignId, context),
  pauseCampaign: ({ path }, context) => stepped('pause', path.campaignId, context),
  resumeCampaign: ({ path }, context) => stepped('resume', path.campaignId, context),
  cancelCampaign: ({ path }, context) => stepped('cancel', path.campaignId, context),
  async listCampaignStations({ path, query }, { deps, access }) {
    const page = await listCampaignStations(deps)(access, path.campaignId, listQuery(query))
    return page.kind === 'ok' ? listed(page.value) : refused(page)
  },
  async exportCampaignStations({ path, query }, { deps, access }) {
    const read = (after: Parameters<ReturnType<typeof listCampaignStations>>[2]['after']) =>
      listCampaignStations(deps)(access, path.campaignId, { ...query, after, limit: 200 })
    const first = await read(undefined)
    if (first.kind !== 'ok') return refused(first)
    return csvStream('campaign-stations.csv', csvColumns, async function* () {
      let page = first.value
      for (;;) {
        yield page.items
        if (page.next === null) return
        const next = await read(page.next)
        if (next.kind !== 'ok') return
        page = next.value
      }
    })
  },
  async listFirmwareHistory({ path, query }, { deps, access }) {
    const page = await listFirmwareHistory(deps)(access, path.stationId, listQuery(query))
    return page.kind === 'ok' ? listed(page.value) : refused(page)
  },
}
