// Owns what the services of readers are given beyond the usual.
// Must not be built anywhere but in core/runtime and tests.
import type { DiskFiles } from '../../store/disk-files.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface ReaderDeps extends ServiceDeps {
  /** Where the bytes of pictures go. */
  disk: DiskFiles
}

/** A configured connection that readers report through; without a site when it serves several. */
export interface ReaderConnection {
  organizationId: string
  siteId: string | null
  connectionId: string
}
