// Owns the whole of the API's handlers: one for every operation of the contract, or it does not compile.
// Must not contain a handler itself.
import type { Entropy } from '../../services/keys/api-key-text.ts'
import type { KeyVerdict } from '../../services/keys/verify-key.ts'
import type { ApiPorts } from '../api-ports.ts'
import type { Contract } from '../contract.ts'
import type { Handlers } from '../operation-types.ts'
import type { SessionCookies } from '../session-cookie.ts'
import { access } from './access.ts'
import { campaigns } from './campaigns.ts'
import { cardPairings } from './card-pairings.ts'
import { certificates } from './certificates.ts'
import { chargers } from './chargers.ts'
import { charging } from './charging.ts'
import { connections } from './connections.ts'
import { desired } from './desired.ts'
import { disputes } from './disputes.ts'
import { exports } from './exports.ts'
import { files } from './files.ts'
import { hub } from './hub.ts'
import { imports } from './imports.ts'
import { invoices } from './invoices.ts'
import { ledger } from './ledger.ts'
import { linkReviews } from './link-reviews.ts'
import { links } from './links.ts'
import { load } from './load.ts'
import { memberships } from './memberships.ts'
import { money } from './money.ts'
import { overview } from './overview.ts'
import { parking } from './parking.ts'
import { parkingActions } from './parking-actions.ts'
import { partners } from './partners.ts'
import { payments } from './payments.ts'
import { people } from './people.ts'
import { places } from './places.ts'
import { presence } from './presence.ts'
import { readers } from './readers.ts'
import { receipts } from './receipts.ts'
import { reconciliations } from './reconciliations.ts'
import { reports } from './reports.ts'
import { reservations } from './reservations.ts'
import { service } from './service.ts'
import { stationNotices } from './station-notices.ts'
import { stationProfiles } from './station-profiles.ts'
import { tariffExchange } from './tariff-exchange.ts'
import { tariffTools } from './tariff-tools.ts'
import { tariffs } from './tariffs.ts'

export interface HandlersDeps {
  ports: ApiPorts
  contract: Contract
  cookies: SessionCookies
  verifyKey(presented: { text: string }): Promise<KeyVerdict>
  entropy: Entropy
  now(): Date
  version: string
  closing: AbortSignal
  settings: { publicUrl: string }
}

export function handlersOf(deps: HandlersDeps): Handlers {
  const { ports, contract } = deps
  return {
    ...places,
    ...access({ entropy: deps.entropy }),
    ...chargers({
      chargers: ports.chargers,
      files: ports.files,
      entropy: deps.entropy,
      publicUrl: deps.settings.publicUrl,
      closing: deps.closing,
      host: ports.host,
    }),
    ...certificates(ports),
    ...stationNotices(),
    ...stationProfiles({ host: ports.host, chargers: ports.chargers }),
    ...charging,
    ...campaigns,
    ...reservations(ports.chargers),
    ...files(ports.files),
    ...desired,
    ...load,
    ...payments(ports.host),
    ...people,
    ...imports,
    ...parking,
    ...readers(ports.files),
    ...cardPairings,
    ...links,
    ...presence,
    ...linkReviews,
    ...money,
    ...disputes,
    ...receipts(ports.files),
    ...ledger,
    ...invoices,
    ...memberships,
    ...reports,
    ...reconciliations,
    ...partners(ports.host),
    ...exports(ports.host),
    ...tariffs(ports.host),
    ...tariffExchange(ports.host),
    ...tariffTools(ports.host),
    ...overview,
    ...hub({ ...deps, events: ports.events, eventTypes: contract.eventTypes }),
    ...connections(ports.host),
    ...parkingActions(ports.host),
    ...service({ ...deps, host: ports.host, service: ports.service }),
  }
}
