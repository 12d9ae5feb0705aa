// Owns what the file services are given beyond the usual: the disk, the key of links, limits.
// Must not be built anywhere but in core/runtime and tests.
import type { SignLink } from '../../domain/file-link.ts'
import type { DiskFiles } from '../../store/disk-files.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface FileSettings {
  /** Where stations reach the hub: `https://hub.example`. */
  publicUrl: string
  /** Largest file that an operator may upload. */
  fileLimitBytes: number
  /** Largest file that a station may send. */
  uploadLimitBytes: number
  /** Days after which logs are dropped; 0 keeps them. */
  logRetentionDays: number
}

export interface FilePorts {
  disk: DiskFiles
  sign: SignLink
  settings: FileSettings
}

export interface FileDeps extends ServiceDeps {
  files: FilePorts
}
