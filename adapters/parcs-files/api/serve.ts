// Owns the answers to the plugin's own operations, and to the vendor's side that posts files.
// Must not take a file itself: it stores what comes and wakes whoever takes it.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type Problem, problem, problemResponse, provesCaller, readBody, readJson } from '../../../core/plugin/index.ts'
import type { FilesConfig } from '../config-schema.ts'
import { meantFiles } from '../intake/look.ts'
import type { FileDb } from '../intake/tables.ts'
import type { Received, Uploads } from '../intake/uploads.ts'
import { factTypes, fieldNames, fields, mappedTypes } from '../mapping/fact-fields.ts'
import type { Place } from '../mapping/facts-of-row.ts'
import { type Mapping, mappingSchema } from '../mapping/mapping-schema.ts'
import { type FileSource, isPlainName } from '../source/file-source.ts'
import { dryRun } from './dry-run.ts'

export interface ServeDeps {
  db: FileDb
  connectionId: string
  config: FilesConfig
  posted: Uploads
  /** Null where files are only uploaded. */
  open: (() => Promise<FileSource>) | null
  place(): Promise<Place | null>
  trouble(): string | null
  token(): Promise<string>
  wake(): void
}

const largestSample = 1_000_000
const validMapping = new Ajv2020({ strict: false }).compile<Mapping>(mappingSchema)
const refuse = (...parts: Parameters<typeof problem>) => problemResponse(problem(...parts))
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function serveApi(deps: ServeDeps): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url)
    const path = url.pathname.replace(/^.*\/x\/parcs-files/, '')
    if (path === '/fields') return Response.json(vocabulary)
    if (path === '/files' && request.method === 'GET') return Response.json(await listFiles(deps))
    if (path === '/files') return upload(deps, url.searchParams.get('name') ?? '', request)
    if (path === '/dry-run') return tryMapping(deps, request)
    const [, fileId = ''] = /^\/files\/([^/]+)\/rejected-lines$/.exec(path) ?? []
    return uuid.test(fileId)
      ? rejectedLines(deps, fileId)
      : refuse(404, 'not_found', 'No such file.', 'A file has a uuid.')
  }
}

/** PUT or POST /in/{connectionId}/files/{name} with the secret as a bearer token. */
export function serveVendor(deps: ServeDeps): (request: Request, path: string) => Promise<Response> {
  return async (request, path) => {
    const [, raw] = /^\/?files\/([^/]+)$/.exec(path) ?? []
    const token = await deps.token().catch(() => '')
    if (!provesCaller(request.headers, new Uint8Array(), [{ kind: 'bearer', token }]))
      return refuse(401, 'unauthorized', 'Not allowed.', 'The bearer token is missing or wrong.')
    if (raw === undefined) return refuse(404, 'not_found', 'No such call.', 'Files are posted to files/{name}.')
    if (request.method !== 'POST' && request.method !== 'PUT')
      return problemResponse(problem(405, 'method_not_allowed', 'Wrong method.', 'Files are put or posted.'), {
        allow: 'POST, PUT',
      })
    let name: string
    try {
      name = decodeURIComponent(raw)
    } catch {
      name = ''
    }
    return upload(deps, name, request)
  }
}

const vocabulary = {
  types: mappedTypes.map((type) => ({ type, ...factTypes[type] })),
  fields: fieldNames.map((name) => {
    const { title, kind, ...more } = fields[name]
    return { name, title, kind, choices: 'choices' in more ? more.choices : null }
  }),
}

async function upload({ posted, config, wake }: ServeDeps, name: string, request: Request): Promise<Response> {
  if (!isPlainName(name))
    return refuse(
      422,
      'name_invalid',
      'The file has no usable name.',
      'A name has no slashes and does not begin with a point.',
    )
  const largest = config.maxFileMegabytes * 1_000_000
  const tooLarge = () =>
    refuse(413, 'body_too_large', 'The file is too large.', `A file may have ${config.maxFileMegabytes} MB.`)
  if (Number(request.headers.get('content-length') ?? 0) > largest) return tooLarge()
  const received: Received = await posted.receive(name, request.body, largest)
  switch (received.kind) {
    case 'ok':
      wake()
      return Response.json({ uploadId: received.uploadId, size: received.size }, { status: 202 })
    case 'too_large':
      return tooLarge()
    case 'empty':
      return refuse(422, 'body_empty', 'The file is empty.', 'There is not one byte in it.')
    default:
      return refuse(
        400,
        'body_incomplete',
        'The body ended too early.',
        'The connection was closed before the file was there.',
      )
  }
}

async function listFiles({ db, connectionId, posted, open, config, trouble }: ServeDeps): Promise<object> {
  const rows = await db
    .selectFrom('taken_file')
    .selectAll()
    .where('connection_id', '=', connectionId)
    .orderBy('begun_at', 'desc')
    .orderBy('file_id', 'desc')
    .limit(100)
    .execute()
  const waiting = (await posted.waiting()).map(({ name, size }) => ({ name, size }))
  let unreachable: string | null = null
  if (open) {
    try {
      const met = await db
        .selectFrom('met_file')
        .select(['name', 'size', 'modified', 'taken_as'])
        .where('connection_id', '=', connectionId)
        .where('taken_as', 'is not', null)
        .execute()
      const taken = new Set(met.map(({ name, size, modified }) => `${name} ${size} ${modified}`))
      const found = await withSource(open, (source) => source.list())
      for (const { name, size, modified } of meantFiles(found, config))
        if (!taken.has(`${name} ${size} ${modified}`)) waiting.push({ name, size })
    } catch (error) {
      unreachable = error instanceof Error ? error.message : String(error)
    }
  }
  const items = rows.map((row) => ({
    fileId: row.file_id,
    name: row.name,
    state: row.state,
    reason: row.reason,
    size: Number(row.size),
    read: row.state === 'done' ? Number(row.size) : Number(row.next_offset),
    stored: row.stored,
    known: row.known,
    passedOver: row.passed_over,
    rejected: row.rejected,
    begunAt: row.begun_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
  }))
  return { waiting: waiting.slice(0, 1_000), trouble: unreachable ?? trouble(), items }
}

async function rejectedLines({ db, connectionId }: ServeDeps, fileId: string): Promise<Response> {
  const items = await db
    .selectFrom('rejected_line')
    .select(['line', 'column_name as column', 'field', 'message'])
    .where('connection_id', '=', connectionId)
    .where('file_id', '=', fileId)
    .orderBy('line')
    .orderBy('number')
    .execute()
  return Response.json({ items })
}

async function tryMapping(deps: ServeDeps, request: Request): Promise<Response> {
  const body = await readBody(request, largestSample * 1.4 + 500_000)
  if (body.kind !== 'ok') return refuse(413, 'body_too_large', 'The sample is too large.', 'A sample may have 1 MB.')
  const json = readJson(body.value)
  if (json.kind !== 'ok') return refuse(400, json.code, 'The body is not JSON.', json.detail)
  const { sample, file, mapping } = (json.value ?? {}) as { sample?: unknown; file?: unknown; mapping?: unknown }
  if (mapping !== undefined && mapping !== null && !validMapping(mapping)) {
    const errors = (validMapping.errors ?? []).map(({ instancePath, message }) => ({
      pointer: `/mapping${instancePath}`,
      message: message ?? 'is not valid',
    }))
    return problemResponse(
      problem(422, 'mapping_invalid', 'The mapping is not valid.', errors[0]?.message ?? '', errors),
    )
  }
  const bytes =
    typeof sample === 'string'
      ? Buffer.from(sample, 'base64')
      : typeof file === 'string'
        ? await beginning(deps, file)
        : null
  if (bytes === null || !(bytes instanceof Uint8Array))
    return problemResponse(
      bytes ??
        problem(
          422,
          'sample_missing',
          'There is nothing to try.',
          'Give a sample in base64 or the name of a waiting file.',
        ),
    )
  const place = await deps.place()
  if (!place) return refuse(503, 'unavailable', 'The connection is not running.', 'Try again in a moment.')
  return Response.json(await dryRun(bytes.subarray(0, largestSample), (mapping as Mapping | null) ?? undefined, place))
}

async function beginning({ posted, open, config }: ServeDeps, name: string): Promise<Uint8Array | Problem> {
  const upload = (await posted.waiting()).find((one) => one.name === name)
  if (upload) return upTo(posted.read(upload.uploadId))
  if (open) {
    return withSource(open, async (source) => {
      const found = meantFiles(await source.list(), config).some((one) => one.name === name)
      return found ? upTo(source.read(name)) : problem(404, 'not_found', 'No such file.', 'No file of this name waits.')
    })
  }
  return problem(404, 'not_found', 'No such file.', 'No file of this name waits.')
}

async function upTo(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    size += chunk.byteLength
    if (size >= largestSample) break
  }
  return Buffer.concat(parts)
}

async function withSource<T>(open: () => Promise<FileSource>, use: (source: FileSource) => Promise<T>): Promise<T> {
  const source = await open()
  try {
    return await use(source)
  } finally {
    await source.close()
  }
}
