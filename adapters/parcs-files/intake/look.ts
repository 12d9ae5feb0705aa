// Owns one look at the place: which files are new and complete, taking them in order, and what is said when one cannot be taken.
// Must not take a file that is still being written, nor read one again that did not change.

import type { FilesConfig } from '../config-schema.ts'
import { type FileSource, type FoundFile, isPlainName, namePattern } from '../source/file-source.ts'
import { copied } from './snapshot.ts'
import { mappingName, type TakeDeps, takeFile } from './take-file.ts'
import type { Uploads } from './uploads.ts'

export interface Look {
  trouble: string | null
  taken: number
}

export interface LookDeps extends Omit<TakeDeps, 'mapping' | 'place' | 'growing'> {
  config: FilesConfig & { mapping: NonNullable<FilesConfig['mapping']> }
  place: TakeDeps['place']
}

const unfinished = /\.(tmp|part|partial|filepart|crdownload|swp)$/i

/** Files the pattern means, without those that name themselves unfinished. */
export function meantFiles(found: readonly FoundFile[], { pattern, order, markerSuffix }: FilesConfig): FoundFile[] {
  const fits = namePattern(pattern)
  const byName = (a: FoundFile, b: FoundFile) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  return found
    .filter(({ name }) => fits(name) && isPlainName(name) && !unfinished.test(name) && !name.endsWith(markerSuffix))
    .sort((a, b) => (order === 'time' && Number(a.modified) - Number(b.modified)) || byName(a, b))
}

export async function lookAtPlace(deps: LookDeps, place: FileSource): Promise<Look> {
  const { config, db, connectionId, clock, signal } = deps
  const found = await place.list()
  const names = new Set(found.map(({ name }) => name))
  const shape = mappingName(config.mapping, config.growing)
  const look: Look = { trouble: null, taken: 0 }
  const met = await db.selectFrom('met_file').selectAll().where('connection_id', '=', connectionId).execute()
  const before = new Map(met.map((row) => [row.name, row]))
  const mine = db.deleteFrom('met_file').where('connection_id', '=', connectionId)
  const gone = met.map(({ name }) => name).filter((name) => !names.has(name))
  if (gone.length > 0) await mine.where('name', 'in', gone).execute()

  for (const file of meantFiles(found, config)) {
    if (signal.aborted) break
    const known = before.get(file.name)
    const same = known !== undefined && Number(known.size) === file.size && known.modified === file.modified
    if (same && known.taken_as === shape) continue
    if (!same) await meet(deps, file, null)
    const since = same ? known.since : clock.now()
    const complete = {
      still: same && clock.now().getTime() - since.getTime() >= config.stillSeconds * 1_000,
      marker: names.has(`${file.name}${config.markerSuffix}`),
      named: true,
    }[config.ready]
    if (!complete) continue
    const largest = config.maxFileMegabytes * 1_000_000
    const copy =
      file.size > largest ? { kind: 'too_large' as const } : await copied(file.name, place.read(file.name), largest)
    if (copy.kind === 'too_large') {
      look.trouble ??= `${file.name} is larger than ${config.maxFileMegabytes} MB and is not taken.`
      continue
    }
    try {
      // A file that shrank or grew while it was copied is still being written.
      if (config.ready === 'still' && copy.snapshot.size !== file.size) continue
      const taken = await takeFile({ ...deps, mapping: config.mapping, growing: config.growing }, copy.snapshot)
      if (taken.kind === 'stopped') break
      if (taken.kind === 'refused') look.trouble ??= await whyRefused(deps, taken.fileId)
      else look.taken += 1
      await meet(deps, file, shape)
      // A refused file stays where somebody looks for it.
      if (config.afterwards === 'archive' && taken.kind !== 'refused') await putAside(place, file, names, config)
    } finally {
      await copy.drop()
    }
  }
  return look
}

async function putAside(
  place: FileSource,
  { name }: FoundFile,
  names: ReadonlySet<string>,
  { ready, markerSuffix }: FilesConfig,
) {
  await place.putAside(name)
  if (ready === 'marker' && names.has(`${name}${markerSuffix}`)) await place.putAside(`${name}${markerSuffix}`)
}

export async function takeUploads(deps: LookDeps, posted: Uploads): Promise<Look> {
  const { config, signal } = deps
  const look: Look = { trouble: null, taken: 0 }
  await posted.sweep()
  for (const { uploadId, name } of await posted.waiting()) {
    if (signal.aborted) break
    const copy = await copied(name, posted.read(uploadId), config.maxFileMegabytes * 1_000_000)
    if (copy.kind !== 'ok') continue
    try {
      const taken = await takeFile({ ...deps, mapping: config.mapping, growing: false }, copy.snapshot)
      if (taken.kind === 'stopped') break
      if (taken.kind === 'refused') look.trouble ??= await whyRefused(deps, taken.fileId)
      else look.taken += 1
      await posted.drop(uploadId)
    } finally {
      await copy.drop()
    }
  }
  return look
}

async function meet({ db, connectionId, clock }: LookDeps, file: FoundFile, takenAs: string | null): Promise<void> {
  const row = { size: file.size, modified: file.modified, since: clock.now(), taken_as: takenAs }
  await db
    .insertInto('met_file')
    .values({ connection_id: connectionId, name: file.name, ...row })
    .onConflict((conflict) => conflict.columns(['connection_id', 'name']).doUpdateSet(row))
    .execute()
}

async function whyRefused({ db, connectionId }: LookDeps, fileId: string): Promise<string> {
  const { name, reason } = await db
    .selectFrom('taken_file')
    .select(['name', 'reason'])
    .where('connection_id', '=', connectionId)
    .where('file_id', '=', fileId)
    .executeTakeFirstOrThrow()
  return `${name}: ${reason}`
}
