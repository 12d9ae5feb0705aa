// Owns what an operator sets for one connection, with its defaults, and what the schema cannot say of it.
// Must not hold passwords or keys; the hub keeps those sealed.
import { ConfigInvalid } from '../../core/plugin/index.ts'
import { type Mapping, mappingFaults, mappingSchema } from './mapping/mapping-schema.ts'
import { isTimePattern } from './mapping/time-pattern.ts'
import { type OutConfig, outDefaults, outSchema } from './out/out-config.ts'

export interface FilesConfig {
  source: 'upload' | 'folder' | 'sftp'
  folder: string
  host: string
  port: number
  user: string
  login: 'password' | 'key'
  hostKey: string
  pattern: string
  ready: 'still' | 'marker' | 'named'
  stillSeconds: number
  markerSuffix: string
  growing: boolean
  order: 'name' | 'time'
  afterwards: 'leave' | 'archive'
  maxFileMegabytes: number
  mapping?: Mapping
  out: OutConfig
}

export const defaults: Omit<FilesConfig, 'mapping'> = {
  source: 'upload',
  folder: '',
  host: '',
  port: 22,
  user: '',
  login: 'password',
  hostKey: '',
  pattern: '*.csv',
  ready: 'still',
  stillSeconds: 60,
  markerSuffix: '.done',
  growing: false,
  order: 'name',
  afterwards: 'leave',
  maxFileMegabytes: 200,
  out: outDefaults,
}

export type GivenConfig = Partial<Omit<FilesConfig, 'out'>> & { out?: Partial<OutConfig> }

export const complete = (given: GivenConfig): FilesConfig => ({
  ...defaults,
  ...given,
  out: { ...outDefaults, ...given.out },
})

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    source: {
      type: 'string',
      title: 'Where files come from',
      description:
        'upload: they are posted to the hub. folder: of the hub’s machine. sftp: a server of the parking system.',
      enum: ['upload', 'folder', 'sftp'],
      default: defaults.source,
    },
    folder: {
      type: 'string',
      title: 'Folder',
      description: 'A full path on the hub’s machine, or the folder on the SFTP server.',
      maxLength: 500,
      default: '',
    },
    host: { type: 'string', title: 'SFTP server', maxLength: 253, default: '' },
    port: { type: 'integer', title: 'Port', minimum: 1, maximum: 65_535, default: defaults.port },
    user: { type: 'string', title: 'User', maxLength: 100, default: '' },
    login: {
      type: 'string',
      title: 'Log in with',
      description: 'The secret "password", or the secret "privateKey" (OpenSSH or PEM, without a passphrase).',
      enum: ['password', 'key'],
      default: defaults.login,
    },
    hostKey: {
      type: 'string',
      title: 'Key of the server',
      description: 'SHA256:… as OpenSSH prints it. Test the connection without one to see what the server shows.',
      pattern: '^(SHA256:[A-Za-z0-9+/]{43})?$',
      default: '',
    },
    pattern: {
      type: 'string',
      title: 'Files to take',
      description: '* and ? stand for anything.',
      minLength: 1,
      maxLength: 100,
      default: defaults.pattern,
    },
    ready: {
      type: 'string',
      title: 'A file is complete when',
      description:
        'still: it has not changed for a while. marker: a file of its name with the ending below lies beside it. named: it has its name (the sender writes under another and renames).',
      enum: ['still', 'marker', 'named'],
      default: defaults.ready,
    },
    stillSeconds: {
      type: 'integer',
      title: 'Unchanged for (seconds)',
      minimum: 5,
      maximum: 86_400,
      default: defaults.stillSeconds,
    },
    markerSuffix: {
      type: 'string',
      title: 'Ending of the marker',
      pattern: '^\\.[A-Za-z0-9_.-]{1,20}$',
      default: defaults.markerSuffix,
    },
    growing: {
      type: 'boolean',
      title: 'Files grow',
      description: 'Lines are added to a file that was taken already. A last line without a line end waits.',
      default: defaults.growing,
    },
    order: { type: 'string', title: 'Which file first', enum: ['name', 'time'], default: defaults.order },
    afterwards: {
      type: 'string',
      title: 'Files that were taken',
      description: 'leave them where they are, or move them into the folder "archive".',
      enum: ['leave', 'archive'],
      default: defaults.afterwards,
    },
    maxFileMegabytes: {
      type: 'integer',
      title: 'Largest file (MB)',
      minimum: 1,
      maximum: 2_000,
      default: defaults.maxFileMegabytes,
    },
    mapping: mappingSchema,
    out: outSchema,
  },
} as const

/** @throws ConfigInvalid naming the field */
export function checkConfig(config: FilesConfig): void {
  const need = (field: 'folder' | 'host' | 'user', why: string) => {
    if (config[field] === '') throw new ConfigInvalid(`/${field}`, why)
  }
  if (config.source !== 'upload') need('folder', 'is needed for this source')
  if (config.source === 'folder' && !/^(\/|[A-Za-z]:[\\/])/.test(config.folder))
    throw new ConfigInvalid('/folder', 'has to be a full path')
  if (config.source === 'sftp') {
    need('host', 'is needed for SFTP')
    need('user', 'is needed for SFTP')
  }
  if (config.growing && config.afterwards === 'archive')
    throw new ConfigInvalid('/afterwards', 'has to be "leave" for files that grow')
  if (config.source === 'upload' && config.out.template !== 'none')
    throw new ConfigInvalid('/out/template', 'needs a folder or an SFTP server to write to')
  if (config.out.template === 'csv' && config.out.columns.length === 0)
    throw new ConfigInvalid('/out/columns', 'are needed for a CSV file')
  const both = config.out.columns.findIndex(({ field, constant }) => (field === undefined) === (constant === undefined))
  if (both >= 0) throw new ConfigInvalid(`/out/columns/${both}`, 'needs either a field or a constant')
  const [fault] = config.mapping ? mappingFaults(config.mapping, isTimePattern) : []
  if (fault) throw new ConfigInvalid(`/mapping${fault.pointer}`, fault.message)
}
