// Owns letting go of files: logs past their time, uploads that were never finished, contents that nothing names.
// Must not remove what a row names.
import { dropExpired, namedContents } from '../../store/files.ts'
import type { FileDeps } from './file-deps.ts'

/** `realNow` is the clock that the disk goes by. */
export function cleanFiles(deps: FileDeps & { realNow(): Date }) {
  return async (): Promise<{ expired: number; removed: number }> => {
    const expired = await dropExpired(deps.db, deps.clock.now())
    const removed = await deps.files.disk.clean((sha256s) => namedContents(deps.db, sha256s), deps.realNow())
    return { expired, removed }
  }
}
