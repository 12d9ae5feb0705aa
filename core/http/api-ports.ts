// Owns what the API needs from parts of the hub that it may not import: narrow functions, put in by the composition root.
// Must not contain behaviour.
import type { HubEvent } from '../domain/event.ts'
import type { Host } from '../host/host.ts'
import type { ManagedConnections } from '../host/manage-connections.ts'
import type { CertificateDeps } from '../services/certificates/certificate-deps.ts'
import type { FilePorts } from '../services/files/file-deps.ts'
import type { ServiceDeps } from '../services/service-deps.ts'

export interface ChargerPorts {
  /** A command waits for this station. */
  wake(stationId: string): void
  /** The station's record changed: its socket comes back under the new terms. */
  refresh(stationId: string): void
  /** The interception point `command`. */
  veto?(ask: { siteId: string | null; stationId: string; name: string; requestedBy: string }): Promise<string | null>
  /** Keyed hash of a station's password. */
  hashSecret(secret: Uint8Array): Buffer
}

export interface EventFilter {
  organizationId: string
  siteIds?: readonly string[]
  types?: readonly string[]
  /** Only about this record. */
  subjectId?: string
}

export interface EventPage {
  events: { event: HubEvent; cursor: string }[]
  cursor: string
  more: boolean
}

export interface EventPorts {
  read(query: EventFilter & { after?: string; limit: number }): Promise<EventPage>
  /** An empty page says: nothing new, still here. */
  tail(query: EventFilter & { after?: string; signal: AbortSignal }): AsyncGenerator<EventPage, void, void>
}

/** What the API asks of the plugin host. */
export interface HostPorts
  extends Pick<
    Host,
    | 'listPlugins'
    | 'pages'
    | 'inbound'
    | 'route'
    | 'openapiFragments'
    | 'handleUpgrade'
    | 'capability'
    | 'offers'
    | 'parking'
    | 'payments'
  > {
  /**
   * Connections managed within the transaction of a request: the rows are written in `db`, and the host follows them once
   * `later` runs what it was given.
   */
  connectionsIn(db: ServiceDeps['db'], later: (follow: () => Promise<void>) => void): ManagedConnections
}

export interface ReadinessCheck {
  name: string
  ok: boolean
  detail: string | null
}

export interface ServicePorts {
  /** Database, migrations, jobs, append-only rights. */
  readiness(): Promise<readonly ReadinessCheck[]>
  metrics: { contentType: string; metrics(): Promise<string> }
}

export interface ApiPorts {
  chargers: ChargerPorts
  certificates: CertificateDeps
  events: EventPorts
  files: FilePorts
  host: HostPorts
  service: ServicePorts
}
