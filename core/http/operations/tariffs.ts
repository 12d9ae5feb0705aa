// Owns the operations on tariffs, their versions and where they hold.
// Must not read rules; the engine that a tariff names does.
import { assignTariffs } from '../../services/billing/assign-tariff.ts'
import type { BillingDeps } from '../../services/billing/billing-deps.ts'
import { manageTariffs, type TariffView } from '../../services/billing/manage-tariffs.ts'
import { listTariffVersions, publishTariff } from '../../services/billing/publish-tariff.ts'
import type { TariffVersionView } from '../../services/billing/tariff-rules.ts'
import type { HostPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, mapped } from '../replies.ts'

type Ids =
  | 'listTariffs'
  | 'createTariff'
  | 'getTariff'
  | 'updateTariff'
  | 'archiveTariff'
  | 'listTariffVersions'
  | 'publishTariffVersion'
  | 'listTariffAssignments'
  | 'createTariffAssignment'
  | 'deleteTariffAssignment'

export function tariffs(host: HostPorts): Part<Ids> {
  const billing = ({ deps, access: { organizationId } }: CallContext): BillingDeps => ({
    ...deps,
    engine: (pluginId) => host.capability('tariff', { organizationId, pluginId })[0]?.implementation ?? null,
  })
  return {
    async listTariffs({ query }, context) {
      const page = await manageTariffs(billing(context)).list(context.access, listQuery(query))
      return listed({ ...page, items: page.items.map(asShown) })
    },
    createTariff: async ({ body }, context) =>
      made(
        await mapped(manageTariffs(billing(context)).create(context.access, body), asShown),
        (tariff) => `/tariffs/${tariff.tariffId}`,
      ),
    getTariff: async ({ path }, context) =>
      found(await mapped(manageTariffs(billing(context)).get(context.access, path.tariffId), asShown)),
    updateTariff: async ({ path, body, version }, context) =>
      found(
        await mapped(manageTariffs(billing(context)).update(context.access, path.tariffId, body, version), asShown),
      ),
    archiveTariff: async ({ path, version }, context) =>
      done(await manageTariffs(billing(context)).archive(context.access, path.tariffId, version)),

    async listTariffVersions({ path, query }, context) {
      const page = await listTariffVersions(billing(context))(context.access, path.tariffId, listQuery(query))
      if (page.kind !== 'ok') return refused(page)
      return listed({ ...page.value, items: page.value.items.map(versionShown) })
    },
    publishTariffVersion: async ({ path, body }, context) =>
      made(
        await mapped(publishTariff(billing(context))(context.access, path.tariffId, body), versionShown),
        () => `/tariffs/${path.tariffId}/versions`,
      ),

    listTariffAssignments: async ({ query }, { deps, access }) =>
      listed(await assignTariffs(deps).list(access, listQuery(query))),
    createTariffAssignment: async ({ body }, { deps, access }) =>
      made(await assignTariffs(deps).assign(access, body), () => '/tariff-assignments'),
    deleteTariffAssignment: async ({ path }, { deps, access }) =>
      done(await assignTariffs(deps).end(access, path.assignmentId)),
  }
}

/** The engine took the rules, and rules are objects by its schema. */
function versionShown(version: TariffVersionView) {
  return { ...version, rules: version.rules as Record<string, unknown> }
}

function asShown(tariff: TariffView) {
  return { ...tariff, current: tariff.current && versionShown(tariff.current) }
}
